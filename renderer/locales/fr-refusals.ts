/**
 * What the agent says in English, by its code: a sentence and a next step in French. The agent's own sentence, which
 * names the file, the address or the number, stands beside it.
 */
export interface Translated {
  readonly said: string;
  readonly next?: string;
}

const CHECK_ADDRESS = 'Vérifiez l’adresse, et que le serveur tourne et qu’il est joignable depuis cette machine.';
const ASK_IT = 'Demandez à la personne qui gère cette machine.';
const FREE_SPACE = 'Libérez de la place, puis recommencez.';
const SHARE = 'Vérifiez que le partage ou le disque est connecté, puis recommencez.';

export const frRefusals: Readonly<Record<string, Translated>> = {
  ALREADY_FINISHED: { said: 'La tâche est terminée ici et son résultat part ; elle ne peut plus être annulée.' },
  ALREADY_RUNNING: { said: 'Un autre agent travaille dans ce dossier.', next: 'Utilisez-le, ou arrêtez-le d’abord.' },
  ALREADY_SAVING: {
    said: 'Des proxies sont déjà en cours d’enregistrement.',
    next: 'Attendez la fin, ou annulez l’enregistrement.',
  },
  BROKEN_OFF: { said: 'Le serveur s’est interrompu avant la fin ; son journal dit pourquoi.' },
  CATALOGUE_UNREACHABLE: { said: 'Le serveur n’a pas répondu.', next: 'Attendez qu’il revienne, puis réessayez.' },
  CA_FILE_INVALID: {
    said: 'Le fichier de certificats n’en contient aucun au format PEM.',
    next: 'Convertissez-le avec openssl, puis indiquez le résultat dans les réglages.',
  },
  CA_UNKNOWN: {
    said: 'Le certificat du serveur est signé par une autorité que cette machine ne connaît pas.',
    next: 'Ajoutez le certificat de cette autorité au magasin du système, ou indiquez son fichier PEM.',
  },
  CERTIFICATE_DATES: {
    said: 'Le certificat du serveur n’est pas valable à la date de cette machine.',
    next: 'Vérifiez l’horloge de cette machine, ou faites renouveler le certificat.',
  },
  CERTIFICATE_NAME: {
    said: 'Le certificat présenté appartient à un autre nom.',
    next: 'Utilisez le nom pour lequel le certificat est fait.',
  },
  DERIVED_NOT_FOUND: { said: 'Le serveur n’a plus ce fichier.', next: 'Relancez la tâche pour le refaire.' },
  DISK_FULL: { said: 'Il n’y a pas assez de place sur le disque.', next: FREE_SPACE },
  ENROLMENT_REFUSED: {
    said: 'Le serveur n’accepte pas ce jeton à usage unique : il a déjà servi, ou il est périmé.',
    next: 'Demandez-en un nouveau là où le serveur est géré.',
  },
  ENVIRONMENT_INVALID: {
    said: 'Une variable d’environnement de l’agent a une valeur impossible.',
    next: 'Corrigez-la et redémarrez l’agent ; d’ici là il ne prend aucun travail.',
  },
  FILE_MISSING: { said: 'Le fichier n’est plus là, ou est injoignable.', next: SHARE },
  FOLDER_MISSING: { said: 'Ce dossier n’existe pas.', next: 'Vérifiez le chemin.' },
  FOLDER_NOT_ANSWERING: { said: 'Ce dossier ne répond pas.', next: SHARE },
  FOLDER_UNREADABLE: {
    said: 'Ce dossier ne peut pas être lu.',
    next: 'Choisissez-en un autre, ou donnez à cet utilisateur le droit de le lire.',
  },
  FOLDER_UNUSABLE: {
    said: 'Ce dossier ne peut pas servir.',
    next: 'Choisissez un dossier où cet utilisateur peut écrire.',
  },
  FORBIDDEN: { said: 'Cela n’est pas permis depuis cette page.' },
  GPU_NOT_USED: { said: 'Le processeur graphique n’a pas servi ; le processeur a fait le travail.' },
  ALREADY_BEGUN: {
    said: 'La tâche a déjà commencé.',
    next: 'Annulez-la dans « En cours » si elle ne doit pas être faite.',
  },
  ADDING_INTERRUPTED: {
    said: 'Le serveur de cette machine n’a pas pris les fichiers à l’instant.',
    next: 'Rien n’est perdu ; un nouvel essai suit tout seul.',
  },
  NOT_A_FOLDER: {
    said: 'Ce n’est pas un dossier.',
    next: 'Choisissez un dossier ; les fichiers s’ajoutent sans surveillance.',
  },
  ALREADY_WATCHED: {
    said: 'Ce dossier est déjà surveillé.',
    next: 'Il est parmi les dossiers surveillés, plus bas.',
  },
  INPUT_MISSING: { said: 'Un des fichiers choisis n’est plus là.', next: 'Cherchez à nouveau et choisissez.' },
  INSECURE_HTTP: {
    said: 'Le jeton passerait en clair jusqu’au serveur.',
    next: 'Prenez https, ou autorisez d’abord les connexions non chiffrées sur un réseau de confiance.',
  },
  INTERNAL: {
    said: 'L’agent n’a pas pu le faire, par une erreur de sa part.',
    next: 'Recommencez ; si cela se reproduit, envoyez le journal de l’agent à l’assistance.',
  },
  INVALID_INPUT: { said: 'L’agent ne comprend pas cette demande.' },
  JOB_UNKNOWN: { said: 'Cet agent ne connaît pas cette tâche.' },
  JOURNAL_DAMAGED: {
    said: 'Le journal de l’agent est abîmé.',
    next: 'Déplacez-le pour repartir d’un journal vide ; le serveur redonne les tâches inachevées.',
  },
  JOURNAL_NEWER: {
    said: 'Le journal vient d’une version plus récente de l’agent.',
    next: 'Réinstallez cette version, ou choisissez un autre dossier de travail ; rien n’a été changé.',
  },
  MEDIA_WORKER_UNAVAILABLE: {
    said: 'Les photos ne peuvent pas être décodées sur cette machine.',
    next: 'Réinstallez l’agent pour cette plateforme, puis testez à nouveau.',
  },
  MODEL_DOWNLOAD_CANCELLED: {
    said: 'Le téléchargement a été arrêté.',
    next: 'Relancez-le : il reprend où il s’est arrêté.',
  },
  MODEL_DOWNLOAD_RUNNING: {
    said: 'Un autre modèle est en cours de téléchargement.',
    next: 'Attendez-le, ou arrêtez-le d’abord.',
  },
  MODEL_HASH_WRONG: {
    said: 'Le fichier reçu n’est pas celui que son éditeur annonce (empreinte différente) ; il a été jeté.',
    next: 'Téléchargez-le à nouveau ; si cela échoue encore, ne faites pas confiance à cette source.',
  },
  MODEL_NEEDS_CONSENT: {
    said: 'Aucune empreinte publiée ne garantit ce modèle ; il ne sert que si vous faites confiance à sa provenance.',
    next: 'Confirmez que vous lui faites confiance, ou prenez un modèle de la liste.',
  },
  MODEL_NOT_REMOVED: {
    said: 'Ce modèle n’est pas dans le dossier de l’agent ; il est laissé en place.',
    next: 'Supprimez-le là où il a été mis, ou choisissez-en un autre.',
  },
  MODEL_NOT_SERVED: {
    said: 'Le serveur de modèles ne donne pas ce fichier.',
    next: 'Vérifiez l’adresse du miroir, ou choisissez un autre modèle.',
  },
  MODEL_NOT_WRITTEN: {
    said: 'Le modèle ne peut pas être écrit ou supprimé.',
    next: 'Vérifiez les droits sur le dossier des modèles et son disque.',
  },
  MODEL_SERVER_INSECURE: {
    said: 'Le serveur de modèles mène à une adresse non chiffrée ; rien n’en a été pris.',
    next: 'Utilisez un miroir en https.',
  },
  MODEL_SERVER_UNREACHABLE: {
    said: 'Le serveur de modèles est injoignable, ou la connexion se coupe sans cesse.',
    next: 'Vérifiez le réseau et relancez : cela reprend où c’était. Sans réseau, copiez le fichier ici et choisissez-le.',
  },
  MODEL_UNKNOWN: {
    said: 'Il n’y a pas de modèle de ce nom.',
    next: 'Choisissez dans la liste, ou ajoutez un fichier.',
  },
  MODEL_WRONG_FORMAT: {
    said: 'Ce fichier ne peut pas servir de modèle.',
    next: 'Choisissez un autre fichier, ou vérifiez l’adresse du miroir.',
  },
  NOT_A_RUSHCATALOG_SERVER: {
    said: 'Cette adresse répond, mais pas comme un serveur RushCatalog.',
    next: 'Vérifiez l’adresse ; elle s’écrit sans /api/v1 et ne doit pas rediriger.',
  },
  NOT_FOUND: { said: 'Rien ne se trouve là.' },
  NOT_NOW: { said: 'L’agent démarre ou s’arrête ; cela ne peut pas changer maintenant.' },
  NO_UPDATE: { said: 'Aucune mise à jour n’attend d’être installée.' },
  NO_PROXY: { said: 'Aucun de ces fichiers n’a de proxy ici.', next: 'Faites d’abord un proxy de montage.' },
  OUTSIDE_MEDIA_ROOTS: {
    said: 'Ces fichiers sont hors des dossiers de médias, qui sont fixés sur cette machine.',
    next: 'Choisissez des fichiers dans un dossier de médias, ou demandez l’ajout de ce dossier.',
  },
  OUT_BESIDE_SOURCE: {
    said: 'Cela écrirait des proxies dans un dossier de rushes.',
    next: 'Choisissez un autre dossier, ou « À côté des médias », qui garde les proxies dans un dossier à part.',
  },
  PATH_RELATIVE: { said: 'Le chemin doit être complet.' },
  PATH_UNUSABLE: { said: 'Ce chemin ne peut pas servir.', next: 'Choisissez-en un autre.' },
  POLICY_INVALID: {
    said: 'Les règles posées par votre service informatique ne peuvent pas être appliquées.',
    next: 'Elles doivent être corrigées ; d’ici là l’agent ne prend aucun travail.',
  },
  PROXY_CREDENTIALS: {
    said: 'Le proxy réseau demande un nom et un mot de passe, et n’accepte pas ceux qu’il a reçus.',
    next: 'Mettez « nom:motdepasse » dans le fichier prévu, lisible par le seul compte de l’agent.',
  },
  PROXY_ADDRESS_INVALID: {
    said: 'Le proxy réseau indiqué par cette machine n’est pas une adresse http:// ou https:// ; l’agent s’en passe.',
    next: 'Corrigez-le et redémarrez l’agent, ou choisissez le proxy réseau dans les réglages.',
  },
  PROXY_CREDENTIALS_OPEN: {
    said: 'Tout le monde sur cette machine peut lire le mot de passe du proxy réseau ; il n’est pas utilisé.',
    next: 'Réservez la lecture du fichier au compte de l’agent.',
  },
  PROXY_REFUSED: {
    said: 'Le proxy réseau ne laisse pas passer cette connexion.',
    next: 'Demandez à la personne qui le gère d’ouvrir l’accès au serveur RushCatalog.',
  },
  PROXY_UNREACHABLE: {
    said: 'Le proxy réseau est injoignable.',
    next: 'Vérifiez son adresse et qu’il tourne ; l’agent réessaie de lui-même.',
  },
  ROOT_NOT_ANSWERING: {
    said: 'Le dossier de médias ne répond pas.',
    next: 'Vérifiez le partage et le réseau ; ses tâches attendent, les autres dossiers continuent.',
  },
  ROOT_NOT_READABLE: {
    said: 'Le dossier de médias est illisible ou vide.',
    next: 'Montez le partage ou corrigez le dossier ; ses tâches attendent intactes.',
  },
  SAMPLE_FAILED: { said: 'ffmpeg n’a pas pu créer les clips d’essai.' },
  SECRET_LOCKED: {
    said: 'Le trousseau du système n’ouvre pas le jeton du serveur.',
    next: 'Déverrouillez-le et redémarrez, ou associez à nouveau le serveur.',
  },
  SECRET_UNREADABLE: { said: 'Le jeton gardé ici est illisible.', next: 'Associez à nouveau le serveur.' },
  SERVER_MAKES_JOBS: {
    said: 'C’est le serveur qui crée les tâches et décide des relances ; cet agent ne fait que travailler pour lui.',
    next: 'Ajoutez les fichiers, et relancez les tâches, dans RushCatalog.',
  },
  SERVER_UNREACHABLE: { said: 'Le serveur est injoignable.', next: CHECK_ADDRESS },
  SERVICE_MANAGED: {
    said: 'L’agent tourne comme service de cette machine ; cela ne se change pas depuis une fenêtre.',
    next: ASK_IT,
  },
  STORE_ORIGIN_REFUSED: {
    said: 'Le serveur garde ses fichiers à une adresse que les réglages de cet agent ne nomment pas ; rien n’y est envoyé.',
    next: 'Si elle est bonne, ajoutez-la à « storeOrigins » ; en attendant, les fichiers passent par le serveur.',
  },
  SERVICE_RUNNING: {
    said: 'L’agent tourne comme service de cette machine, sous son propre compte, et ne vous laisse pas entrer.',
    next: ASK_IT,
  },
  SERVER_WITHOUT_TOKEN: {
    said: 'Un autre serveur recevrait le jeton gardé pour celui-ci ; une page dans un navigateur ne peut pas le demander.',
    next: 'Connectez-vous avec un jeton de l’autre serveur, ou utilisez « rushcatalog-agent config set serverUrl » (depuis un clone : « npm run config set serverUrl ») dans un terminal.',
  },
  SETTING_DECIDES_TRUST: {
    said: 'Une page dans un navigateur ne peut pas décider du chemin que prennent les données de l’agent, ni de ce qu’il reconnaît.',
    next: 'Utilisez « rushcatalog-agent config set » (depuis un clone : « npm run config set ») dans un terminal du compte de l’agent, ou l’application de bureau.',
  },
  SETTING_NAMES_PROGRAM: {
    said: 'Une page dans un navigateur ne peut pas choisir les programmes lancés ici, ni leur isolement.',
    next: 'Utilisez « rushcatalog-agent config set » (depuis un clone : « npm run config set ») dans un terminal du compte de l’agent, ou l’application de bureau.',
  },
  SETTINGS_INVALID: {
    said: 'Le fichier de réglages ne peut pas servir.',
    next: 'Corrigez-le, ou déplacez-le pour repartir des valeurs par défaut.',
  },
  SETTINGS_NOT_SAVED: {
    said: 'Les réglages n’ont pas pu être enregistrés ; rien n’a changé.',
    next: 'Faites de la place sur ce disque, ou donnez à cet utilisateur le droit d’y écrire.',
  },
  SETTING_INVALID: { said: 'Cette valeur n’est pas possible.' },
  SETTING_MANAGED: { said: 'Ce réglage est fixé ailleurs et ne se change pas ici.', next: ASK_IT },
  SPEECH_ENGINE_UNAVAILABLE: {
    said: 'Le moteur de transcription ne démarre pas sur cette machine.',
    next: 'Réinstallez l’agent pour cette plateforme, ou indiquez un whisper-cli, puis testez à nouveau.',
  },
  SPEECH_MODEL_MISSING: {
    said: 'Le modèle de transcription n’est pas là.',
    next: 'Téléchargez ou choisissez un modèle, ou reconnectez le partage où il se trouve.',
  },
  SPEECH_MODEL_NOT_CHOSEN: {
    said: 'Aucun modèle de transcription n’est choisi.',
    next: 'Téléchargez un modèle ci-dessous, ou choisissez un fichier dans les réglages.',
  },
  TOKEN_FILE_EMPTY: { said: 'Le fichier de jeton est vide.', next: 'Mettez-y le jeton d’agent du serveur.' },
  TOKEN_FILE_UNREADABLE: {
    said: 'Le fichier de jeton ne peut pas être lu.',
    next: 'Donnez le fichier créé par le serveur, lisible par cet utilisateur.',
  },
  TOKEN_MISSING: {
    said: 'Il n’y a pas encore de jeton pour ce serveur.',
    next: 'Associez le serveur dans les réglages.',
  },
  TOKEN_NOT_KEPT: {
    said: 'Le jeton n’a pas pu être gardé.',
    next: 'Déverrouillez le trousseau, ou donnez à cet utilisateur le droit d’écrire son fichier.',
  },
  TOKEN_REFUSED: {
    said: 'Le serveur n’accepte pas le jeton de cet agent.',
    next: 'Saisissez un nouveau jeton, ou inscrivez à nouveau cette machine ; les tâches en cours continuent.',
  },
  TOOL_BROKEN: {
    said: 'Cet outil est là, mais ne fonctionne pas.',
    next: 'Installez-en une autre version, ou indiquez un programme qui marche, puis testez à nouveau.',
  },
  TOOL_MISSING: {
    said: 'Un outil nécessaire n’a pas été trouvé sur cette machine.',
    next: 'Installez-le, ou indiquez le programme dans les réglages, puis testez à nouveau.',
  },
  TOOL_PASSED_OVER: {
    said: 'Le programme indiqué n’en est pas un ; un autre est utilisé à sa place.',
    next: 'Corrigez le réglage ou videz-le.',
  },
  TOOL_TOO_OLD: {
    said: 'Cet outil est trop ancien ; la version 5.1 ou une plus récente est nécessaire.',
    next: 'Installez-en une version plus récente, ou indiquez-en une dans les réglages, puis testez à nouveau.',
  },
  STATE_CONFLICT: { said: 'Ce n’est plus dans cet état ; regardez à nouveau.' },
  TEMPORARY_UNAVAILABLE: { said: 'Le serveur ne peut pas le faire en ce moment.', next: 'Réessayez un peu plus tard.' },
  UNAUTHORIZED: {
    said: 'Ce nom et ce jeton ne vont pas ensemble, ou la session est finie.',
    next: 'Vérifiez les deux, ou demandez un nouveau jeton à un administrateur.',
  },
  UNKNOWN_JOB: { said: 'Cet agent ne tient plus cette tâche.' },
  UPDATES_OFF: {
    said: 'Les mises à jour sont coupées sur cette machine ; celle-ci n’est pas installée.',
    next: 'La personne qui gère cette machine décide de sa version.',
  },
  UPDATE_DOWNGRADE: { said: 'Le serveur de mises à jour ne propose pas de version plus récente.' },
  UPDATE_TAMPERED: {
    said: 'La mise à jour reçue n’est pas celle qui a été signée ; elle a été jetée.',
    next: 'Prévenez la personne qui gère le serveur de mises à jour ; cette version continue.',
  },
  UPDATE_UNREACHABLE: {
    said: 'Le serveur de mises à jour ne peut pas servir.',
    next: 'Il n’y a rien à faire ; l’agent regardera plus tard.',
  },
  UPDATE_UNSIGNED: {
    said: 'La mise à jour proposée n’est pas signée par RushCatalog ; elle n’est pas installée.',
    next: 'Prévenez la personne qui gère le serveur de mises à jour ; cette version continue.',
  },
  UPDATE_WAITS: {
    said: 'Une tâche tourne ; la mise à jour attend qu’elle soit finie.',
    next: 'Choisissez « Terminer, puis mettre en pause », puis installez.',
  },
  WORK_FOLDER_UNUSABLE: {
    said: 'Le dossier de travail ne peut pas servir.',
    next: 'Choisissez un dossier où cet utilisateur peut écrire.',
  },
  VALIDATION_FAILED: { said: 'Le serveur n’accepte pas ces valeurs.' },
};
