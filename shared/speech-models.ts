/**
 * Speech models this agent knows, as data. A hash is written here only with the page it was read on; a model without
 * one counts as unknown and asks for consent (media.md, "transcribe_audio").
 */

export interface KnownModel {
  /** What a person types and reads. */
  readonly name: string;
  readonly fileName: string;
  /** `speech`: transcribes. `detector`: Silero, tells speech from everything else. */
  readonly kind: 'speech' | 'detector';
  /** For showing and for the check of the disk; the server's own length decides what is complete. */
  readonly approximateBytes: number;
  readonly languages: 'multilingual' | 'english' | 'any';
  readonly licence: 'MIT';
  /** Folder address the file is published under; a mirror replaces it. */
  readonly publisher: string;
  readonly sha256?: string;
  /** SHA-1, from the publisher's own table; checked together with the sha256. */
  readonly sha1?: string;
  /** Pages on which the hashes were read. */
  readonly hashSources: readonly string[];
}

const WHISPER = 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main';
const WHISPER_PAGES = 'https://huggingface.co/ggerganov/whisper.cpp/blob';
/** The table “Model | Disk | SHA” on the publisher's model card. */
const WHISPER_TABLE = `${WHISPER_PAGES}/main/README.md`;

/** @param page revision whose file page names the sha256 under “Git LFS Details” */
function whisper(
  name: string,
  megabytes: number,
  hashes: { readonly sha256: string; readonly sha1?: string; readonly page: string },
): KnownModel {
  const fileName = `ggml-${name}.bin`;
  const page = hashes.page.startsWith('https:') ? hashes.page : `${WHISPER_PAGES}/${hashes.page}/${fileName}`;
  return {
    name,
    fileName,
    kind: 'speech',
    approximateBytes: megabytes * 1e6,
    languages: name.endsWith('.en') ? 'english' : 'multilingual',
    licence: 'MIT',
    publisher: WHISPER,
    sha256: hashes.sha256,
    ...(hashes.sha1 === undefined ? {} : { sha1: hashes.sha1 }),
    hashSources: hashes.sha1 === undefined ? [page] : [page, WHISPER_TABLE],
  };
}

/** For whoever has no opinion: the smallest that writes most languages well enough to search and log by. */
export const RECOMMENDED_MODEL = 'small';

export const KNOWN_MODELS: readonly KnownModel[] = [
  whisper('tiny', 77.7, {
    sha256: 'be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21',
    sha1: 'bd577a113a864445d4c299885e0cb97d4ba92b5f',
    page: '98aa99a0a9db05ae2342309f5096248665f7cba3',
  }),
  whisper('tiny.en', 77.7, {
    sha256: '921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f',
    sha1: 'c78c86eb1a8faa21b369bcd33207cc90d64ae9df',
    page: 'https://huggingface.co/spaces/Nymbo/whisper.cpp-wasm/blob/d05e7af76cb40fe4d35975f6ad5e873fdc4dc3f2/ggml-tiny.en.bin',
  }),
  whisper('base', 148, {
    sha256: '60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe',
    sha1: '465707469ff3a37a2b9b8d8f89f2f99de7299dac',
    page: '98aa99a0a9db05ae2342309f5096248665f7cba3',
  }),
  whisper('base.en', 148, {
    sha256: 'a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002',
    sha1: '137c40403d78fd54d454da0f9bd998f78703390c',
    page: 'refs%2Fpr%2F5',
  }),
  whisper('small', 487.6, {
    sha256: '1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b',
    sha1: '55356645c2b361a969dfd0ef2c5a50d530afd8d5',
    page: 'https://huggingface.co/twdragon/whisper.cpp-openvino/blob/main/small/ggml-small.bin',
  }),
  whisper('small.en', 487.6, {
    sha256: 'c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d',
    sha1: 'db8a495a91d927739e50b3fc1cc4c6b8f6c2d022',
    page: 'refs%2Fpr%2F15',
  }),
  whisper('medium', 1533.8, {
    sha256: '6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208',
    sha1: 'fd9727b6e1217c2f614f9b698455c4ffd82463b4',
    page: 'refs%2Fpr%2F19',
  }),
  whisper('medium.en', 1533.8, {
    sha256: 'cc37e93478338ec7700281a7ac30a10128929eb8f427dda2e865faa8f6da4356',
    sha1: '8c30f0e44ce9560643ebd10bbe50cd20eafd3723',
    page: 'refs%2Fpr%2F5',
  }),
  whisper('large-v3', 3095, {
    sha256: '64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2',
    sha1: 'ad82bf6a9043ceed055076d0fd39f5f186ff8062',
    page: 'refs%2Fpr%2F19',
  }),
  // The publisher's table of SHA-1 was read without its line for this one.
  whisper('large-v3-turbo', 1624.6, {
    sha256: '1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69',
    page: 'refs%2Fpr%2F19',
  }),
  {
    name: 'silero-v6.2.0',
    fileName: 'ggml-silero-v6.2.0.bin',
    kind: 'detector',
    approximateBytes: 885_098,
    languages: 'any',
    licence: 'MIT',
    publisher: 'https://huggingface.co/ggml-org/whisper-vad/resolve/main',
    sha256: '2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987',
    hashSources: ['https://huggingface.co/sigil-build/whisper-vad'],
  },
];

/** By name (`base.en`) or file name (`ggml-base.en.bin`). */
export function findKnownModel(nameOrFile: string): KnownModel | undefined {
  return KNOWN_MODELS.find(({ name, fileName }) => name === nameOrFile || fileName === nameOrFile);
}

/** A model file on this machine, or one that can be downloaded. */
export interface SpeechModelState {
  /** Name in the registry, else the file name. */
  readonly name: string;
  readonly kind: KnownModel['kind'];
  readonly languages: KnownModel['languages'];
  /** Of the file, or roughly of the download. */
  readonly sizeBytes: number;
  /** Absent: not on this machine. */
  readonly path?: string;
  /** `downloaded`: in the agent's own folder. `managed`: in the folder IT keeps. `chosen`: elsewhere, by a setting. */
  readonly place?: 'downloaded' | 'managed' | 'chosen';
  /** Transcripts are made with it now. */
  readonly inUse: boolean;
  /** Name of a registry entry without a published hash: a download asks for consent. */
  readonly hashKnown: boolean;
  readonly licence?: string;
  /** Why the file cannot be used. */
  readonly problem?: string;
}

export interface ModelDownload {
  readonly name: string;
  readonly receivedBytes: number;
  /** Unknown until the server tells. */
  readonly totalBytes?: number;
  readonly phase: 'connecting' | 'downloading' | 'checking' | 'failed';
  /** With `failed`: one sentence and what to do; stays until the next download or a cancel. */
  readonly problem?: { readonly code: string; readonly message: string; readonly nextStep?: string };
}

export interface SpeechModels {
  /** The agent's own folder, into which it downloads. */
  readonly folder: string;
  readonly models: readonly SpeechModelState[];
  readonly download: ModelDownload | null;
}
