/**
 * Why a proxy was not saved, in French: each ends the sentence “A001.mov: …”. A test holds them against what the agent
 * says.
 */
export const frSaving: Readonly<Record<string, string>> = {
  'its media folder is not on this machine.': 'son dossier de médias n’est pas sur cette machine.',
  'its source is not there.': 'sa source n’est pas là.',
  'its source lies outside its media folder.': 'sa source est hors de son dossier de médias.',
  'something else is called “Proxy” beside it.': 'autre chose porte le nom « Proxy » à côté.',
  'its proxy is not here any more; run the job again.': 'son proxy n’est plus ici ; relancez la tâche.',
  'its proxy did not arrive as it was made.': 'son proxy n’est pas arrivé tel qu’il a été fait.',
  'the disk is full.': 'le disque est plein.',
  'this user may not write there.': 'cet utilisateur n’a pas le droit d’y écrire.',
  'another program has it open.': 'un autre programme l’a ouvert.',
  'its path is longer than this disk allows.': 'son chemin est plus long que ce disque ne le permet.',
  'something else has its name there.': 'autre chose y porte son nom.',
};
