import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codecName, CUT_ADVICE, formatName } from '../../electron/work/media/media-names.ts';
import { PHRASES } from '../../renderer/locales/fr-failure-phrases.ts';
import { frenchFailure, KNOWN_SENTENCES } from '../../renderer/locales/fr-failures.ts';

const AGENT = fileURLToPath(new URL('../../electron', import.meta.url));
const SOURCES = ['work', 'agent'].flatMap((part) =>
  readdirSync(join(AGENT, part), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(AGENT, part, path), 'utf8').replaceAll(/(['`]) \+\s*\1/g, '')),
);

/** What begins a sentence about a failure where it is written. */
const SAID =
  /(?:failure\(\s*(?:'[A-Z_]+'|code),\s*|(?:message|sentence) =\s*|unavailable\(|renderFailed\(|return )(['`])((?:(?!\1)[^\\]|\\.)+?)\1/g;
const TEMPLATES = [
  ...new Set(
    SOURCES.flatMap((text) => [...text.matchAll(SAID)].map(([, , said = '']) => said)).filter(
      (said) => /^(?:“|[A-Z]|\$\{activity)/.test(said) && /[.}]$/.test(said) && said.includes(' '),
    ),
  ),
];
/** Warnings, refusals of a command, proofs and what a log says: translated by their codes, or shown elsewhere. */
const NO_FAILURES =
  /^(?:It (?:made|gave) |The test (?:was|ended)|The picture changes its size|The sound changes its format|There is no (?:new picture|folder|setting)|Parts of the recording|The engine’s transcript|The sound is |The source (?:has an alpha|is damaged)|The recording was broken off|The file asks players|The file’s header tells|The program “|The folder “|The machine has no room|“\$\{spec\.program\}”|The job is finished here|\$\{tracks\})/;

/** What a template says, whatever stands in its holes. */
const asPattern = (template: string): RegExp =>
  new RegExp(
    `^${template
      .split(/\$\{(?:[^{}]|\{[^{}]*\})+\}/)
      .map((text) => text.replaceAll(/[.*+?^$()[\]{}|\\]/g, String.raw`\$&`))
      .join('.+')}$`,
  );

const NOT_READ = 'which this agent does not read; convert it to MOV, MP4, MXF or WAV first';
const CODEC_ADVICE = 'convert it to H.264, ProRes or DNxHR, and sound to PCM, first';
const ACTIVITIES =
  'Reading the file|Reading the sound|Reading the sound of “a.mov”|Encoding the proxy|Reading the proxy back|Listening to the proxy|Listing packets|Looking at what moves|Looking at a few pictures|Rendering the thumbnail|Rendering the photo|Transcribing|Making the test clip'.split(
    '|',
  );
const FIELDS =
  'what is heard|channels of each audio track|sample rates|number of audio tracks|colour description|size of the picture|shape of the picture|length|field order|number of pictures|frame rate|distance between key frames|pixel format|reel name|rotation|start timecode|codec|first and last picture'.split(
    '|',
  );

const EXAMPLES: readonly string[] = [
  '“a.mov” has no sound.',
  '“a.mov” has no picture.',
  '“a.mov” has no pictures that can be read.',
  '“a.mov” has neither picture nor sound that can be decoded.',
  '“a.jpg” is a still image; there is nothing to make a proxy of.',
  '“a.jpg” is a still image; this job needs a recording.',
  '“a.mov” gave an empty picture.',
  'No frame of “a.mov” can be decoded.',
  'No sound of “a.mov” can be decoded.',
  'The picture of “a.mov” has no readable beginning.',
  'The times of “a.mov” could not be read.',
  'The thumbnail of “a.mov” could not be written.',
  '“a.aif” cannot be read whole: its header tells of 1.0 s, but 2.0 s of sound are there, because the recorder did not finish it; open it in an audio program and save it as WAV first.',
  `“a.mov” cannot be read: its index is missing, so the recording or copy was not finished; ${CUT_ADVICE}.`,
  `“a.mov” cannot be read: it was broken off within the list of its last piece, and no tool here reads it so; ${CUT_ADVICE}.`,
  '“a.mov” cannot be read: it is damaged, incomplete or not a media file.',
  '“a.mov” cannot be read: nothing in it can be decoded.',
  '“a.mov” cannot be read: most of it is damaged.',
  '“a.mov” cannot be read: its times run on far beyond the 12.5 s its header promises.',
  '“a.jpg” cannot be read: the photo is damaged or incomplete.',
  '“a.jpg” cannot be read: the photo is 900 MB large.',
  '“a.heic” cannot be read: the photo has no picture in it.',
  '“a.cr3” cannot be shown: the photo has no preview picture in it; save it as JPEG or TIFF first.',
  '“a.tif” cannot be shown: the photo claims 90000 × 90000 pixels, and more than 256 million are refused; save it as JPEG or TIFF first.',
  '“a.tif” cannot be shown: the photo is 2100 MB large, which no photo is; save it as JPEG or TIFF first.',
  `“a.mov” is cut short: it ends inside its last picture; ${CUT_ADVICE}.`,
  `“a.ts” is cut short: it ends inside a packet of its transport stream; ${CUT_ADVICE}.`,
  `“a.ts” is cut short: it ends inside a block of its transport stream; ${CUT_ADVICE}.`,
  `“a.mov” is cut short: at least 12 kB are missing at its end; ${CUT_ADVICE}.`,
  `“a.mov” is cut short: at least 12 MB are missing at its end; ${CUT_ADVICE}.`,
  `“a.wav” is cut short: 1.5 s of 3.0 s of sound are there; ${CUT_ADVICE}.`,
  `“a.mov” is not complete: only 1.5 s of the 3.0 s its header promises can be read; ${CUT_ADVICE}.`,
  '“a.mov” is protected: its picture or sound is encrypted and plays only with the key of the shop, service or disc it is from; ask whoever delivered it for a file without copy protection.',
  '“a.mov” claims to last 1,200 hours, and more than 24 are refused.',
  '“a.mov” is HEVC coded field by field, which this agent cannot weave into pictures; convert it to frames (H.264, ProRes or DNxHR) with the camera maker’s or editing software first.',
  ...[
    ...['Blackmagic RAW', 'REDCODE RAW (R3D)', 'Canon Cinema RAW Light (CRM)', 'Apple ProRes RAW'],
    ...['Nikon N-RAW', 'ARRIRAW'],
  ].map((kind) => `“a” is ${kind}, which this agent cannot decode; convert it with the camera maker’s software.`),
  ...['a GIF picture', 'a Photoshop document', 'an OpenEXR picture'].map(
    (kind) => `“a” is ${kind}, which this agent cannot decode; save it as JPEG or TIFF first.`,
  ),
  ...['dts', 'rpza', 'hap', 'tiff', 'rv40', 'cook', 'utvideo', 'strange', 'prores_raw'].map(
    (codec) => `“a” holds ${codecName(codec)}, which this agent cannot decode; ${CODEC_ADVICE}.`,
  ),
  ...['asf', 'flv', 'ivf', 'hevc', 'ac3', 'amr', 'au', 'dsf', 'iff', 'gxf', 'strange'].map(
    (format) => `“a” is ${formatName(format).name}, ${NOT_READ}.`,
  ),
  ...'concat hls dash sdp srt scc lrc ffmetadata tty svg_pipe pdf_pipe webp_pipe'
    .split(' ')
    .map((format) => `“a” is ${formatName(format).name}: there is no recording in it.`),
  '“a.aac” was joined from recordings of 44.1 and 48 kHz, which a raw AAC file cannot tell its players: it would run at a wrong pitch. Add the recordings one by one, or as M4A.',
  '“0001AB.MXF” is only the picture of a P2 clip, and no sound file of it is on this card. Join its tracks into one file with the camera maker’s or editing software, then make the proxy of that.',
  '“a.mxf” is only the sound (1 track) of a clip stored track by track (OP-Atom). Join its tracks into one file with the camera maker’s or editing software, then make the proxy of that.',
  '“00001.MTS” is part 1 of 2 of one recording that the camera split (AVCHD 00001, 00002). Join the parts with the camera maker’s software, then make the proxy of the whole.',
  ...[
    'its clock starts again within the file; cut it there, or make a review proxy',
    'its sound holds DTS sound, which cannot be decoded, and an editing proxy has every track of its source; make a review proxy, or convert the sound first',
    'its sound holds sound of an unknown kind, which cannot be decoded, and an editing proxy has every track of its source; make a review proxy, or convert the sound first',
    'a crash broke the recording off within a picture; make a review proxy',
    ...[
      'film and video alternate in it (only some of its pictures are flagged to be shown longer)',
      'pictures are held in it (some of its places are empty) and nothing tells when',
      'its picture is interlaced',
      'its picture (321×180) has an odd side',
      'its picture (64×64) is smaller than 256×120',
      'its picture is interlaced and its height (482) is no multiple of 4',
      'its timecode 10:00:00;00 drops frames, which does not exist at its frame rate',
    ].map((because) => `${because}; choose another profile`),
  ].map((because) => `“a.mov” has no edit_h264_half_v1 proxy, because ${because}.`),
  `The proxy does not match its source: ${FIELDS.map((field) => `${field}: 1 instead of 2`).join('; ')}.`,
  'The proxy does not match its source: sound: no instead of yes; picture: no instead of yes; drop-frame counting: yes instead of no.',
  'The proxy cannot be read back.',
  'The thumbnail was not written.',
  'The thumbnail is empty or no WebP.',
  'The thumbnail is 10 × 10 instead of 20 × 20.',
  '“a.mov” leads out of its media folder.',
  'The source path is refused: it contains “..”.',
  'The source path is refused: on Windows it names a device or a stream of a file.',
  'The source path is refused: it contains a NUL character.',
  '“a.mov” does not exist.',
  '“a.mov” cannot be opened (EACCES).',
  '“a.mov” cannot be read (EACCES).',
  ...['a folder', 'a FIFO', 'not a regular file'].map((what) => `“a.mov” is ${what}.`),
  '“a.mov” was replaced while it was opened.',
  '“a.mov” is still being written; the job runs once it is complete.',
  '“a.mov” is held by another program that lets nobody read it; the job runs once it is free.',
  'The source was modified while it was being read; the result was discarded.',
  'The source was modified while it was being read.',
  'The media folder of “RUSHES” is not available.',
  'The media folder “RUSHES” went away while the source was being read.',
  'The disk or share stopped answering while “a.mov” was read.',
  'The disk of the work folder is full.',
  ...ACTIVITIES.map((activity) => `${activity} failed (the tool ended with code 1).`),
  'Encoding the proxy failed: the tool crashed (SIGSEGV).',
  'Encoding the proxy failed: the work folder’s disk is full.',
  'Encoding the proxy failed: the tool wrote more than can be right.',
  'Encoding the proxy failed: the tool could not be started (spawn EACCES).',
  'Encoding the proxy failed: something else',
  'Transcribing failed: something else',
  'Rendering the photo failed: the media worker gave no readable answer.',
  'Encoding the proxy was stopped.',
  'Encoding the proxy took longer than 60 s.',
  'Encoding the proxy made no progress for 60 s.',
  'Encoding the proxy needed more memory than allowed.',
  'No speech model is chosen, so nothing can be transcribed here.',
  'The speech model “/m.bin” is not there or cannot be read.',
  ...[
    'it is a GGUF file, which is another program’s format',
    'it is a PyTorch or zip file; it must be converted to ggml first',
    'it does not begin with the ggml mark',
    'its header is damaged',
    'it is too short',
  ].map((why) => `“/m.bin” is not a whisper.cpp model: ${why}.`),
  'The speech model “/m.bin” ends too early.',
  'The speech model chosen here knows only English, and this job asks for “fr”; choose a multilingual model, or let another agent do it.',
  'The speech engine crashed (SIGSEGV); the model file may be damaged.',
  'The speech engine cannot use this model: the file is damaged or of another format.',
  'The speech engine cannot use the speech detector’s model: remove or replace its file.',
  'The speech engine could not get the memory it needs.',
  'The system ended the speech engine, most likely for want of memory.',
  'The speech engine cannot be started: not here',
  'The speech engine gave up: no reason.',
  'whisper-cli ended well but wrote no transcript that can be read; another version may be needed.',
  'The job’s field “inputs.language” is wrong: the speech engine knows no language “xx”.',
  'The tools for this job are not available on this machine.',
  'This machine cannot make “Storyboard” now: it failed on 3 different files in a row. Of this one: “a.mov” has no sound.',
  'The job ended its tool or the agent 3 times on this machine and is set aside.',
  ...['proxy profile', 'thumbnail profile', 'transcription profile'].map(
    (kind) => `This agent knows no ${kind} “x”, only a, b.`,
  ),
  'The job type “x” is not known here.',
  '“a.mov” could not be prepared: EIO.',
  'The job did not end when it was told to.',
  'The agent met an unexpected error: boom.',
  'The upload of proxy.mp4 failed: the server finds even small parts too large.',
  'The finished files cannot be read again: EIO.',
  'The result does not fit the protocol at outputs.width: too small.',
  'The server refused the result: INVALID null',
  'The job was cancelled before its result was handed in.',
  'The job was cancelled.',
  'The agent was shut down before the job was finished.',
  'The editor needed the machine.',
];

describe('failures in French', () => {
  it('are all translated, none by the sentence of its code', () => {
    expect(TEMPLATES.length).toBeGreaterThan(80);
    expect(EXAMPLES.filter((said) => frenchFailure(said) === null)).toEqual([]);
    const failures = TEMPLATES.filter((template) => !NO_FAILURES.test(template));
    const shown = (template: string): boolean => EXAMPLES.some((said) => asPattern(template).test(said));
    expect(failures.filter((template) => !shown(template))).toEqual([]);
  });

  it('know no sentence and no phrase that nobody says', () => {
    const saidBy = (pattern: RegExp): boolean => EXAMPLES.some((said) => pattern.test(said));
    expect(KNOWN_SENTENCES.filter((pattern) => !saidBy(pattern)).map(String)).toEqual([]);
    const inside = (pattern: RegExp): RegExp => new RegExp(pattern.source.replace(/^\^/, '').replace(/\$$/, ''));
    expect(PHRASES.filter(([pattern]) => !saidBy(inside(pattern))).map(([pattern]) => String(pattern))).toEqual([]);
    const patterns = TEMPLATES.map(asPattern);
    const anywhere = SOURCES.join('\n');
    const isSaid = (said: string): boolean => patterns.some((pattern) => pattern.test(said)) || anywhere.includes(said);
    expect(EXAMPLES.filter((said) => !isSaid(said))).toEqual([]);
  });

  it('keep names and numbers, in the order of French', () => {
    expect(frenchFailure('“A001.mov” has no sound.')).toBe('« A001.mov » n’a pas de son.');
    expect(frenchFailure(`“a.wav” is cut short: 1.5 s of 3.0 s of sound are there; ${CUT_ADVICE}.`)).toBe(
      '« a.wav » est coupé : 1,5 s de son sur 3,0 s sont là ; si la carte a un fichier plus long, recopiez-le ; sinon, c’est l’enregistrement lui-même qui s’arrête là.',
    );
    expect(
      frenchFailure(
        'The proxy does not match its source: number of pictures: 152 instead of 150; sound: no instead of yes.',
      ),
    ).toBe('Le proxy ne correspond pas à sa source : nombre d’images : 152 au lieu de 150 ; son : non au lieu de oui.');
    expect(frenchFailure('Something new.')).toBeNull();
    expect(frenchFailure('“a.mov” cannot be read: for a reason of tomorrow.')).toBeNull();
  });
});
