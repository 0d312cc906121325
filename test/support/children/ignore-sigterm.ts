/** Hears TERM, INT and HUP, says so, and stays. */
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => process.stdout.write(`heard ${signal}\n`));
}
// Who listens may go away; that is no reason to end.
process.stdout.on('error', () => undefined);
process.stdout.write('ready\n');
setTimeout(() => undefined, 60_000);
