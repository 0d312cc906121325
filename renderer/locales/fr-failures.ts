/**
 * What the agent says of a failure, in French: its own sentence, which names the file, the track or the time, says more
 * than the one of the code. Each pattern is the whole of a sentence; a test holds them against what the agent says.
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
  [/^“(.+)” gave an empty picture\.$/, '« $1 » n’a donné qu’une image vide.'],
  [/^No frame of “(.+)” can be decoded\.$/, 'Aucune image de « $1 » ne peut être décodée.'],
  [/^The picture of “(.+)” has no readable beginning\.$/, 'Le début de l’image de « $1 » est illisible.'],
  [/^“(.+)” leads out of its media folder\.$/, '« $1 » mène hors de son dossier de médias.'],
  [/^The source was modified while it was being read\.$/, 'La source a été modifiée pendant la lecture.'],
  [/^The media folder of “(.+)” is not available\.$/, 'Le dossier de médias de « $1 » n’est pas disponible.'],
  [
    /^The media folder “(.+)” went away while the source was being read\.$/,
    'Le dossier de médias « $1 » a disparu pendant la lecture.',
  ],
  [/^The work folder’s disk is full\.$/, 'Le disque du dossier de travail est plein.'],
  [/^The proxy cannot be read back\.$/, 'Le proxy terminé ne peut pas être relu.'],
  [
    /^No speech model is chosen, so nothing can be transcribed here\.$/,
    'Aucun modèle de transcription n’est choisi ; rien ne peut être transcrit ici.',
  ],
  [
    /^The tools for this job are not available on this machine\.$/,
    'Les outils de cette tâche ne sont pas disponibles sur cette machine.',
  ],
  [
    /^The speech engine could not get the memory it needs\.$/,
    'Le moteur de transcription n’a pas obtenu la mémoire qu’il lui faut.',
  ],
  [
    /^The system ended the speech engine, most likely for want of memory\.$/,
    'Le système a arrêté le moteur de transcription, sans doute faute de mémoire.',
  ],
];

/** The sentence in French, or null where only the code can be told. */
export function frenchFailure(message: string): string | null {
  for (const [said, french] of SENTENCES) if (said.test(message)) return message.replace(said, french);
  return null;
}

export const KNOWN_SENTENCES = SENTENCES.map(([said]) => said);
