/** Says "ready", then does nothing for argv[2] ms (default: a minute). */
process.stdout.write('ready\n');
setTimeout(() => undefined, Number(process.argv[2] ?? 60_000));
