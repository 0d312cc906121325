import type { TechnicalMetadata } from '../../../shared/facts.ts';
import { defined } from '../../../shared/objects.ts';

/** MediaInfo's tracks, each with its names and values as text. */
export type LibraryTracks = readonly Readonly<Record<string, string>>[];

type LibraryFacts = Pick<
  TechnicalMetadata,
  'captured_at' | 'camera_make' | 'camera_model' | 'gps' | 'reel_name' | 'field_order' | 'bit_depth'
>;

/**
 * Adds what the metadata library knows to the facts from ffprobe. ffprobe wins where both know, because proxies are
 * compared with what it says; what neither knows stays absent.
 */
export function mergeFacts(facts: TechnicalMetadata, tracks: LibraryTracks): TechnicalMetadata {
  const merged: TechnicalMetadata = { ...libraryFacts(tracks), ...facts };
  // A picture's facts belong to a picture.
  if (facts.video_codec !== undefined) return merged;
  const { field_order: _fieldOrder, bit_depth: _bitDepth, ...withoutPicture } = merged;
  return withoutPicture;
}

/** `technical_metadata` fields out of MediaInfo's; names as in its own field list. */
export function libraryFacts(tracks: LibraryTracks): LibraryFacts {
  const general = tracks.find((track) => track['@type'] === 'General') ?? {};
  const video = tracks.find((track) => track['@type'] === 'Video') ?? {};
  const all = [general, video, ...tracks];
  const capturedAt = firstOf([general['Recorded_Date'], general['Encoded_Date']], instant);
  const make = firstOf([general['Encoded_Hardware_CompanyName']], plain);
  const model = firstOf([general['Encoded_Hardware_Model'], general['Encoded_Hardware_Name']], plain);
  const gps = firstOf([general['Recorded_Location']], position);
  const reel = firstOf(
    all.flatMap((track) => [track['ReelName'], track['Reel_Name']]),
    plain,
  );
  const fieldOrder = scan(video);
  const bitDepth = Number(video['BitDepth']);
  return {
    ...defined({
      captured_at: capturedAt,
      camera_make: make,
      camera_model: model,
      gps,
      reel_name: reel,
      field_order: fieldOrder,
    }),
    ...(Number.isInteger(bitDepth) && bitDepth > 0 ? { bit_depth: bitDepth } : {}),
  };
}

function firstOf<T>(values: readonly (string | undefined)[], read: (value: string) => T | undefined): T | undefined {
  for (const value of values) {
    const found = value === undefined ? undefined : read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function plain(value: string): string | undefined {
  const trimmed = value.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** `2024-05-01 14:00:00+02:00`, `2024-05-01 12:00:00 UTC`; without either it is the camera's own clock, and so is the answer. */
function instant(value: string): string | undefined {
  const match = /^(?:UTC )?(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?( UTC|Z|[+-]\d{2}:?\d{2})?$/.exec(
    value.trim(),
  );
  // 1904 and 1970 are what a clock says that was never set.
  if (match === null || Number(match[1]?.slice(0, 4)) <= 1970) return undefined;
  const isUtc = value.startsWith('UTC ') || match[3] === ' UTC' || match[3] === 'Z';
  const offset = isUtc ? 'Z' : (match[3] ?? '').replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  return `${match[1]}T${match[2]}${offset}`;
}

/** `48.8577°N 2.2950°E 35.000m`, degrees and metres. */
function position(value: string): TechnicalMetadata['gps'] {
  const match = /^(\d+(?:\.\d+)?)°([NS]),? (\d+(?:\.\d+)?)°([EW])(?:,? (-?\d+(?:\.\d+)?) ?m)?/.exec(value);
  if (match === null) return undefined;
  const latitude = Number(match[1]) * (match[2] === 'S' ? -1 : 1);
  const longitude = Number(match[3]) * (match[4] === 'W' ? -1 : 1);
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { latitude, longitude, ...(match[5] === undefined ? {} : { altitude_m: Number(match[5]) }) };
}

/** Top or bottom first; interlaced in an unknown order stays unknown. */
function scan(video: Readonly<Record<string, string>>): string | undefined {
  if (video['ScanType'] === 'Progressive') return 'progressive';
  if (video['ScanType'] !== 'Interlaced' && video['ScanType'] !== 'MBAFF') return undefined;
  return video['ScanOrder'] === 'TFF' ? 'top' : video['ScanOrder'] === 'BFF' ? 'bottom' : undefined;
}
