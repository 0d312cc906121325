const NOON_H = 12;
const ZONE_VARIABLE = 'RUSHCATALOG_TEST_TZ';

/**
 * The time zone in which it is now between twelve and one: of what a test calls "two hours ago" nothing was yesterday,
 * at whatever hour it runs. The first process of a run chooses, and those that it starts keep the choice.
 *
 * @param now hours of UTC, 0 to 23
 * @returns a name of the tz database, "Etc/GMT-5"; its sign is the opposite of the offset
 */
export function zoneOfNoon(now = new Date().getUTCHours()): string {
  const ahead = NOON_H - now;
  return (process.env[ZONE_VARIABLE] ??= ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`);
}
