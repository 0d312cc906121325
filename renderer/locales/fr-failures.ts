import { PHRASES } from './fr-failure-phrases.ts';

/**
 * What the agent says of a failure, in French: its own sentence, which names the file, the track or the time, says more
 * than the one of the code. Each pattern is the whole of a sentence; a test holds them against what the agent says.
 * In the French, `$1` is taken as it is, `%1` is translated by its own phrases (fr-failure-phrases.ts), `#1` is a number,
 * `&1` a sentence.
 */
const SENTENCES: readonly (readonly [said: RegExp, french: string])[] = [
  [/^“(.+)” has no sound\.$/, '« $1 » n’a pas de son.'],
  [/^“(.+)” has no picture\.$/, '« $1 » n’a pas d’image.'],
  [/^“(.+)” has no pictures that can be read\.$/, '« $1 » n’a aucune image lisible.'],
  [/^“(.+)” has neither picture nor sound that can be decoded\.$/, '« $1 » n’a ni image ni son décodables.'],
  [
    /^“(.+)” is a still image; there is nothing to make a proxy of\.$/,
    '« $1 » est une photo ; il n’y a pas de proxy à en faire.',
  ],
  [
    /^“(.+)” is a still image; this job needs a recording\.$/,
    '« $1 » est une photo ; cette tâche demande un enregistrement.',
  ],
  [/^“(.+)” gave an empty picture\.$/, '« $1 » n’a donné qu’une image vide.'],
  [/^No frame of “(.+)” can be decoded\.$/, 'Aucune image de « $1 » ne peut être décodée.'],
  [/^No sound of “(.+)” can be decoded\.$/, 'Aucun son de « $1 » ne peut être décodé.'],
  [/^The picture of “(.+)” has no readable beginning\.$/, 'Le début de l’image de « $1 » est illisible.'],
  [/^The times of “(.+)” could not be read\.$/, 'Les temps de « $1 » n’ont pas pu être lus.'],
  [/^The thumbnail of “(.+)” could not be written\.$/, 'La vignette de « $1 » n’a pas pu être écrite.'],

  [/^“(.+)” cannot be read whole: (.+)\.$/, '« $1 » ne peut pas être lu en entier : %2.'],
  [/^“(.+)” cannot be read: (.+)\.$/, '« $1 » ne peut pas être lu : %2.'],
  [/^“(.+)” cannot be shown: (.+)\.$/, '« $1 » ne peut pas être montré : %2.'],
  [/^“(.+)” is cut short: (.+)\.$/, '« $1 » est coupé : %2.'],
  [/^“(.+)” is not complete: (.+)\.$/, '« $1 » est incomplet : %2.'],
  [/^“(.+)” is protected: (.+)\.$/, '« $1 » est protégé : %2.'],
  [
    /^“(.+)” claims to last ([\d,]+) hours, and more than (\d+) are refused\.$/,
    '« $1 » prétend durer #2 heures ; au-delà de #3, il est refusé.',
  ],
  [
    /^“(.+)” is HEVC coded field by field, which this agent cannot weave into pictures; (.+)\.$/,
    '« $1 » est du HEVC codé trame par trame, que cet agent ne sait pas réunir en images ; %2.',
  ],
  [
    /^“(.+)” is (.+), which this agent cannot decode; (.+)\.$/,
    '« $1 » est %2, que cet agent ne sait pas décoder ; %3.',
  ],
  [
    /^“(.+)” holds (.+), which this agent cannot decode; (.+)\.$/,
    '« $1 » contient %2, que cet agent ne sait pas décoder ; %3.',
  ],
  [/^“(.+)” is (.+), which this agent does not read; (.+)\.$/, '« $1 » est %2, que cet agent ne lit pas ; %3.'],
  [/^“(.+)” is (.+): there is no recording in it\.$/, '« $1 » est %2 : il ne contient pas d’enregistrement.'],
  [
    /^“(.+)” was joined from recordings of (.+) and (.+) kHz, which a raw AAC file cannot tell its players: it would run at a wrong pitch\. Add the recordings one by one, or as M4A\.$/,
    '« $1 » réunit des enregistrements à #2 et #3 kHz, ce qu’un fichier AAC brut ne peut pas dire aux lecteurs : la hauteur serait fausse. Ajoutez les enregistrements un à un, ou en M4A.',
  ],
  [
    /^“(.+)” is only the (picture|sound \(\d+ track\)) of (a P2 clip|a clip stored track by track \(OP-Atom\))(, and no sound file of it is on this card)?\. (.+)\.$/,
    '« $1 » n’est que %2 %3%4. %5.',
  ],
  [
    /^“(.+)” is part (\d+) of (\d+) of one recording that the camera split \(AVCHD (.+)\)\. (.+)\.$/,
    '« $1 » est la partie $2 sur $3 d’un enregistrement que la caméra a divisé (AVCHD $4). %5.',
  ],
  [/^“(.+)” has no (.+) proxy, because (.+)\.$/, 'Pas de proxy « $2 » de « $1 », car %3.'],
  [/^The proxy does not match its source: (.+)\.$/, 'Le proxy ne correspond pas à sa source : %1.'],
  [/^The proxy cannot be read back\.$/, 'Le proxy terminé ne peut pas être relu.'],
  [/^The thumbnail was not written\.$/, 'La vignette n’a pas été écrite.'],
  [/^The thumbnail is empty or no WebP\.$/, 'La vignette est vide ou n’est pas du WebP.'],
  [/^The thumbnail is (.+) instead of (.+)\.$/, 'La vignette fait $1 au lieu de $2.'],

  [/^“(.+)” leads out of its media folder\.$/, '« $1 » mène hors de son dossier de médias.'],
  [/^The source path is refused: (.+)\.$/, 'Le chemin de la source est refusé : %1.'],
  [/^“(.+)” does not exist\.$/, '« $1 » n’existe pas.'],
  [/^“(.+)” cannot be opened \((\w+)\)\.$/, '« $1 » ne peut pas être ouvert ($2).'],
  [/^“(.+)” cannot be read \((\w+)\)\.$/, '« $1 » ne peut pas être lu ($2).'],
  [/^“(.+)” is (a folder|a FIFO|not a regular file)\.$/, '« $1 » est %2.'],
  [/^“(.+)” was replaced while it was opened\.$/, '« $1 » a été remplacé pendant son ouverture.'],
  [
    /^“(.+)” is still being written; the job runs once it is complete\.$/,
    '« $1 » est encore en cours d’écriture ; la tâche démarre quand il est complet.',
  ],
  [
    /^“(.+)” is held by another program that lets nobody read it; the job runs once it is free\.$/,
    '« $1 » est ouvert par un autre programme qui ne laisse personne le lire ; la tâche démarre quand il est libre.',
  ],
  [
    /^The source was modified while it was being read; the result was discarded\.$/,
    'La source a été modifiée pendant la lecture ; le résultat a été écarté.',
  ],
  [/^The source was modified while it was being read\.$/, 'La source a été modifiée pendant la lecture.'],
  [/^The media folder of “(.+)” is not available\.$/, 'Le dossier de médias de « $1 » n’est pas disponible.'],
  [
    /^The media folder “(.+)” went away while the source was being read\.$/,
    'Le dossier de médias « $1 » a disparu pendant la lecture.',
  ],
  [
    /^The disk or share stopped answering while “(.+)” was read\.$/,
    'Le disque ou le partage a cessé de répondre pendant la lecture de « $1 ».',
  ],
  [/^The disk of the work folder is full\.$/, 'Le disque du dossier de travail est plein.'],

  [/^(.+) failed \(the tool ended with code (-?\w+)\)\.$/, '%1 : échec (l’outil s’est terminé avec le code $2).'],
  [/^(.+) failed: the tool crashed \((\w+)\)\.$/, '%1 : échec, l’outil a planté ($2).'],
  [/^(.+) failed: the work folder’s disk is full\.$/, '%1 : échec, le disque du dossier de travail est plein.'],
  [/^(.+) failed: the tool wrote more than can be right\.$/, '%1 : échec, l’outil a écrit plus qu’il n’est plausible.'],
  [/^(.+) failed: the tool could not be started \((.+)\)\.$/, '%1 : échec, l’outil n’a pas pu démarrer ($2).'],
  [
    /^(.+) failed: the media worker gave no readable answer\.$/,
    '%1 : échec, le programme des photos n’a pas donné de réponse lisible.',
  ],
  [/^(.+) failed: (.+)$/, '%1 : échec, $2'],
  [/^(.+) was stopped\.$/, '%1 : arrêté.'],
  [/^(.+) took longer than (\d+) s\.$/, '%1 : plus de #2 s.'],
  [/^(.+) made no progress for (\d+) s\.$/, '%1 : aucun progrès depuis #2 s.'],
  [/^(.+) needed more memory than allowed\.$/, '%1 : plus de mémoire que permis.'],

  [
    /^No speech model is chosen, so nothing can be transcribed here\.$/,
    'Aucun modèle de transcription n’est choisi ; rien ne peut être transcrit ici.',
  ],
  [
    /^The speech model “(.+)” is not there or cannot be read\.$/,
    'Le modèle de transcription « $1 » est absent ou illisible.',
  ],
  [/^“(.+)” is not a whisper\.cpp model: (.+)\.$/, '« $1 » n’est pas un modèle whisper.cpp : %2.'],
  [/^The speech model “(.+)” ends too early\.$/, 'Le modèle de transcription « $1 » est tronqué.'],
  [
    /^The speech model chosen here knows only English, and this job asks for “(.+)”; choose a multilingual model, or let another agent do it\.$/,
    'Le modèle de transcription choisi ici ne connaît que l’anglais, et cette tâche demande « $1 » ; choisissez un modèle multilingue, ou laissez-la à un autre agent.',
  ],
  [
    /^The speech engine crashed \((\w+)\); the model file may be damaged\.$/,
    'Le moteur de transcription a planté ($1) ; le fichier du modèle est peut-être endommagé.',
  ],
  [
    /^The speech engine cannot use this model: the file is damaged or of another format\.$/,
    'Le moteur de transcription ne peut pas utiliser ce modèle : le fichier est endommagé ou d’un autre format.',
  ],
  [
    /^The speech engine cannot use the speech detector’s model: remove or replace its file\.$/,
    'Le moteur de transcription ne peut pas utiliser le modèle du détecteur de parole : retirez ou remplacez son fichier.',
  ],
  [
    /^The speech engine could not get the memory it needs\.$/,
    'Le moteur de transcription n’a pas obtenu la mémoire qu’il lui faut.',
  ],
  [
    /^The system ended the speech engine, most likely for want of memory\.$/,
    'Le système a arrêté le moteur de transcription, sans doute faute de mémoire.',
  ],
  [/^The speech engine cannot be started: (.+)$/, 'Le moteur de transcription ne démarre pas : $1'],
  [/^The speech engine gave up: (.+)\.$/, 'Le moteur de transcription a renoncé : $1.'],
  [
    /^whisper-cli ended well but wrote no transcript that can be read; another version may be needed\.$/,
    'whisper-cli s’est bien terminé, mais sans transcription lisible ; il en faut peut-être une autre version.',
  ],
  [
    /^The job’s field “inputs\.language” is wrong: the speech engine knows no language “(.*)”\.$/,
    'Le champ « inputs.language » de la tâche est faux : le moteur de transcription ne connaît pas la langue « $1 ».',
  ],

  [
    /^The tools for this job are not available on this machine\.$/,
    'Les outils de cette tâche ne sont pas disponibles sur cette machine.',
  ],
  [
    /^This machine cannot make “(.+)” now: it failed on (\d+) different files in a row\. Of this one: (.+)$/,
    'Cette machine ne peut pas faire « $1 » pour l’instant : échec sur $2 fichiers différents de suite. De celui-ci : &3',
  ],
  [
    /^The job ended its tool or the agent (\d+) times on this machine and is set aside\.$/,
    'La tâche a fait tomber son outil ou l’agent $1 fois sur cette machine ; elle est mise de côté.',
  ],
  [/^This agent knows no (.+) “(.+)”, only (.+)\.$/, 'Cet agent ne connaît pas %1 « $2 », seulement $3.'],
  [/^The job type “(.+)” is not known here\.$/, 'Le type de tâche « $1 » n’est pas connu ici.'],
  [/^“(.+)” could not be prepared: (.+)\.$/, '« $1 » n’a pas pu être préparé : $2.'],
  [/^The job did not end when it was told to\.$/, 'La tâche ne s’est pas arrêtée quand on le lui a demandé.'],
  [/^The agent met an unexpected error: (.+)\.$/, 'L’agent a rencontré une erreur inattendue : $1.'],
  [/^The upload of (\S+) failed: (.+)\.$/, 'L’envoi de $1 a échoué : $2.'],
  [/^The finished files cannot be read again: (.+)\.$/, 'Les fichiers terminés ne peuvent pas être relus : $1.'],
  [/^The result does not fit the protocol at (\S+): (.+)\.$/, 'Le résultat ne suit pas le protocole en $1 : $2.'],
  [/^The server refused the result: (.+)$/, 'Le serveur a refusé le résultat : $1'],
  [
    /^The job was cancelled before its result was handed in\.$/,
    'La tâche a été annulée avant la remise de son résultat.',
  ],
  [/^The job was cancelled\.$/, 'La tâche a été annulée.'],
  [/^The agent was shut down before the job was finished\.$/, 'L’agent a été arrêté avant la fin de la tâche.'],
  [/^The editor needed the machine\.$/, 'La machine était demandée pour le montage.'],
];

/** The sentence in French, or null where only the code can be told. */
export function frenchFailure(message: string): string | null {
  return translated(SENTENCES, message);
}

/** By the first pattern of which every part can be said. */
function translated(patterns: typeof SENTENCES, said: string): string | null {
  for (const [pattern, french] of patterns) {
    const groups = pattern.exec(said);
    if (groups === null) continue;
    const parts = french.split(/([$%#&]\d)/).map((piece) => partOf(piece, groups));
    if (!parts.includes(null)) return parts.join('');
  }
  return null;
}

function partOf(piece: string, groups: readonly (string | undefined)[]): string | null {
  const said = /^[$%#&]\d$/.test(piece) ? (groups[Number(piece[1])] ?? '') : null;
  if (said === null) return piece;
  switch (piece[0]) {
    case '%':
      return frenchPhrase(said);
    case '#':
      return frenchNumber(said);
    case '&':
      return frenchFailure(said) ?? said;
    default:
      return said;
  }
}

/** Several in a row stand with semicolons between them. */
function frenchPhrase(said: string): string | null {
  if (said === '') return '';
  const whole = translated(PHRASES, said);
  if (whole !== null) return whole;
  const at = said.indexOf('; ');
  if (at === -1) return null;
  const [first, rest] = [frenchPhrase(said.slice(0, at)), frenchPhrase(said.slice(at + 2))];
  return first === null || rest === null ? null : `${first} ; ${rest}`;
}

const frenchNumber = (said: string): string => said.replaceAll(',', ' ').replaceAll('.', ',');

export const KNOWN_SENTENCES = SENTENCES.map(([said]) => said);
