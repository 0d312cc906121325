import { startWebView } from '../../electron/gateway/http.ts';
import { sampleSnapshot } from './sample-snapshot.ts';
import { createScriptedAgent } from './scripted-agent.ts';

/** An idle agent with its web view in a process of its own, so that a test can freeze it. Arguments: page, token file. */
const [staticDir = '', tokenFile = ''] = process.argv.slice(2);
const none = (): void => undefined;
const view = await startWebView({
  agent: createScriptedAgent(sampleSnapshot()),
  staticDir,
  tokenFile,
  port: 0,
  log: { info: none, warn: none, error: none },
});
process.stdout.write(`${view.url}\n`);
