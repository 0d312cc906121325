import type { Settings } from '../../shared/settings.ts';

/** What the shell itself says, outside the page. Sentences of the agent come with their own words. */
const EN = {
  open: 'Open RushCatalog Agent',
  quit: 'Quit',
  stopNow: 'Stop now and quit',
  pauseFor: 'Pause for',
  pause30m: '30 minutes',
  pause1h: '1 hour',
  pauseTomorrow: 'Until tomorrow, 06:00',
  pauseUntilResumed: 'Until I resume',
  resume: 'Resume',
  finishThenPause: 'Finish, then pause',
  giveBack: 'Stop now',
  update: (version: string) => `Install version ${version} and restart`,
  idle: 'Ready',
  working: (count: number) => (count === 1 ? '1 job running' : `${String(count)} jobs running`),
  paused: 'Paused',
  yielding: 'The machine is yours; work waits',
  finishing: 'Finishing, then stopping',
  starting: 'Starting',
  trouble: 'Needs attention',
  stopsIn: (seconds: number) => `Stops in ${String(seconds)} s at the latest`,
  jobFailed: (file: string) => `${file} failed`,
  jobsFailed: (count: number) => (count === 1 ? '1 job failed' : `${String(count)} jobs failed`),
  allDone: (count: number) => (count === 1 ? '1 job is done' : `${String(count)} jobs are done`),
  folderReady: (name: string) => `Folder ${name} is ready`,
  filesReady: (count: number) =>
    count === 1 ? 'The file you added is ready' : `The ${String(count)} files you added are ready`,
  updateReady: (version: string) => `Version ${version} is ready to install`,
} as const;

export type Texts = { readonly [K in keyof typeof EN]: (typeof EN)[K] extends string ? string : (typeof EN)[K] };

const FR: Texts = {
  open: 'Ouvrir RushCatalog Agent',
  quit: 'Quitter',
  stopNow: 'Arrêter tout de suite et quitter',
  pauseFor: 'Mettre en pause',
  pause30m: '30 minutes',
  pause1h: '1 heure',
  pauseTomorrow: 'Jusqu’à demain, 6 h',
  pauseUntilResumed: 'Jusqu’à ce que je reprenne',
  resume: 'Reprendre',
  finishThenPause: 'Terminer, puis mettre en pause',
  giveBack: 'Arrêter tout de suite',
  update: (version) => `Installer la version ${version} et redémarrer`,
  idle: 'Prêt',
  working: (count) => (count === 1 ? '1 tâche en cours' : `${String(count)} tâches en cours`),
  paused: 'En pause',
  yielding: 'La machine est à vous ; le travail attend',
  finishing: 'Termine, puis s’arrête',
  starting: 'Démarrage',
  trouble: 'À regarder',
  stopsIn: (seconds) => `Arrêt dans ${String(seconds)} s au plus tard`,
  jobFailed: (file) => `Échec : ${file}`,
  jobsFailed: (count) => (count === 1 ? '1 tâche a échoué' : `${String(count)} tâches ont échoué`),
  allDone: (count) => (count === 1 ? '1 tâche est terminée' : `${String(count)} tâches sont terminées`),
  folderReady: (name) => `Le dossier ${name} est prêt`,
  filesReady: (count) =>
    count === 1 ? 'Le fichier ajouté est prêt' : `Les ${String(count)} fichiers ajoutés sont prêts`,
  updateReady: (version) => `La version ${version} est prête à être installée`,
};

/** `locale`: the system's, like `fr-CA`. */
export function textsFor(language: Settings['language'], locale: string): Texts {
  const chosen = language === 'system' ? locale.slice(0, 2).toLowerCase() : language;
  return chosen === 'fr' ? FR : EN;
}
