import type { TechnicalMetadata } from '../../../shared/facts.ts';
import { defined } from '../../../shared/objects.ts';
import type { Tags } from './probe.ts';

type Capture = Pick<TechnicalMetadata, 'captured_at' | 'camera_make' | 'camera_model' | 'gps'>;

/** When, with what and where a clip was taken, from the container's tags (Apple's and Android's keys, BWF's bext). */
export function captureFacts(tags: Tags): Capture {
  const capturedAt = appleDate(tags['com.apple.quicktime.creationdate']) ?? utcDate(tags) ?? localDate(tags);
  const make = text(tags['com.apple.quicktime.make'] ?? tags['com.android.manufacturer'] ?? tags['make']);
  const model = text(tags['com.apple.quicktime.model'] ?? tags['com.android.model'] ?? tags['model']);
  const gps = position(tags['com.apple.quicktime.location.ISO6709'] ?? tags['location']);
  return {
    ...defined({ captured_at: capturedAt, camera_make: make, camera_model: model, gps }),
  };
}

/** Local time with its offset: `2024-05-01T14:03:22+0200`. The offset is kept: it tells the hour of the day. */
function appleDate(value: string | undefined): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|([+-]\d{2}):?(\d{2}))$/.exec(value ?? '');
  if (match === null || !isPlausible(match[1])) return undefined;
  return match[2] === 'Z' ? `${match[1]}Z` : `${match[1]}${match[3]}:${match[4]}`;
}

function utcDate(tags: Tags): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(tags['creation_time'] ?? '');
  return match !== null && isPlausible(match[1]) ? `${match[1]}Z` : undefined;
}

/** Broadcast Wave has day and time of the recorder's clock, without a zone; so is the answer. */
function localDate(tags: Tags): string | undefined {
  const day = /^\d{4}-\d{2}-\d{2}$/.exec(tags['date'] ?? '')?.[0];
  const time = /^\d{2}:\d{2}:\d{2}$/.exec(tags['creation_time'] ?? '')?.[0];
  const value = `${day}T${time}`;
  return day !== undefined && time !== undefined && isPlausible(value) ? value : undefined;
}

/** 1904 and 1970 are what a clock says that was never set. */
function isPlausible(value: string | undefined): boolean {
  return Number(value?.slice(0, 4)) > 1970;
}

/** ISO 6709, as phones write it: `+48.8577+002.2950+035.000/`, degrees and metres. */
function position(value: string | undefined): Capture['gps'] {
  const match = /^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?/.exec(value ?? '');
  if (match === null) return undefined;
  const latitude = Number(match[1]);
  const longitude = Number(match[2]);
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { latitude, longitude, ...(match[3] === undefined ? {} : { altitude_m: Number(match[3]) }) };
}

function text(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}
