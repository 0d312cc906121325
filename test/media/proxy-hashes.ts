import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { makeProxy } from './proxy-run.ts';

/** A process of its own: makes a source's proxy under every profile and prints profile and sha256, one line each. */

const [source = ''] = process.argv.slice(2);
for (const profile of Object.keys(PROXY_PROFILES)) {
  await using made = await makeProxy(source, profile);
  console.log(`${profile} ${made.success.artifacts[0]?.sha256}`);
}
