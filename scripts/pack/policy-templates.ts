// npm run policy-templates: ADMX, ADML, mobileconfig and a JSON schema from the one schema of the settings.
import { join } from 'node:path';
import { z } from 'zod';
import { PolicySchema } from '../../electron/compose/policy/policy-schema.ts';
import { DEFAULTS_OF_THE_MACHINE, SETTING_NAMES, SettingsSchema, type SettingName } from '../../shared/settings.ts';
import { ROOT, writeInto } from './stage.ts';

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
}

export const policyJsonSchema = (): object =>
  z.toJSONSchema(PolicySchema, { io: 'input', unrepresentable: 'any', target: 'draft-7' });

const TEXT: JsonSchema = { type: 'string' };

function schemaOf(name: SettingName): JsonSchema {
  return z.toJSONSchema(SettingsSchema.shape[name], { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** `maxParallelJobs` → "Max parallel jobs". */
const title = (name: string): string => {
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
const KEY = 'SOFTWARE\\Policies\\RushCatalog\\Agent';

/** Beside the settings: the place of the one-time token (system-policy.ts). */
const ENROLMENT = 'enrolmentTokenFile' as const;

function admxPolicy(name: SettingName | typeof ENROLMENT): string {
  const { type, enum: choices, minimum = 0, maximum = 1_000_000 } = name === ENROLMENT ? TEXT : schemaOf(name);
  const head = `    <policy name="${name}" class="Machine" displayName="$(string.${name})" explainText="$(string.${name}_help)" key="${KEY}"`;
  const tail = '      <parentCategory ref="RushCatalog" />\n      <supportedOn ref="windows:SUPPORTED_Windows_10_0" />';
  if (type === 'boolean') {
    return `${head} valueName="${name}">\n${tail}\n      <enabledValue><decimal value="1" /></enabledValue>\n      <disabledValue><decimal value="0" /></disabledValue>\n    </policy>`;
  }
  const element =
    choices !== undefined
      ? `<enum id="${name}" valueName="${name}" required="true">${choices.map((choice) => `<item displayName="$(string.${name}_${choice})"><value><string>${choice}</string></value></item>`).join('')}</enum>`
      : type === 'integer'
        ? `<decimal id="${name}" valueName="${name}" minValue="${String(minimum)}" maxValue="${String(maximum)}" />`
        : `<text id="${name}" valueName="${name}" maxLength="16000" />`;
  return `${head} presentation="$(presentation.${name})">\n${tail}\n      <elements>${element}</elements>\n    </policy>`;
}

export function admx(): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions revision="1.0" schemaVersion="1.0" xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions">
  <policyNamespaces>
    <target prefix="rushcatalog" namespace="RushCatalog.Policies.Agent" />
    <using prefix="windows" namespace="Microsoft.Policies.Windows" />
  </policyNamespaces>
  <resources minRequiredRevision="1.0" />
  <categories>
    <category name="RushCatalog" displayName="$(string.RushCatalog)" />
  </categories>
  <policies>
${[...SETTING_NAMES, ENROLMENT].map((name) => admxPolicy(name)).join('\n')}
  </policies>
</policyDefinitions>
`;
}

export function adml(): string {
  const strings = SETTING_NAMES.flatMap((name) => {
    const { enum: choices = [], type, default: fallback } = schemaOf(name);
    const form = type === 'array' || type === 'object' ? ' Written as JSON, as in policy.json.' : '';
    const usual = DEFAULTS_OF_THE_MACHINE[name] ?? (fallback === undefined ? 'nothing' : JSON.stringify(fallback));
    const help = `The setting “${name}”.${form} Not set: ${usual}, or what a person chose.`;
    return [
      `      <string id="${name}">${title(name)}</string>`,
      `      <string id="${name}_help">${escaped(help)}</string>`,
      ...choices.map((choice) => `      <string id="${name}_${choice}">${choice}</string>`),
    ];
  });
  const presentations = SETTING_NAMES.flatMap((name) => {
    const { type, enum: choices } = schemaOf(name);
    if (type === 'boolean') return [];
    const control =
      choices !== undefined
        ? `<dropdownList refId="${name}">${title(name)}</dropdownList>`
        : type === 'integer'
          ? `<decimalTextBox refId="${name}">${title(name)}</decimalTextBox>`
          : `<textBox refId="${name}"><label>${title(name)}</label></textBox>`;
    return [`      <presentation id="${name}">${control}</presentation>`];
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources revision="1.0" schemaVersion="1.0" xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions">
  <displayName>RushCatalog Agent</displayName>
  <description>Settings of the RushCatalog Agent</description>
  <resources>
    <stringTable>
      <string id="RushCatalog">RushCatalog Agent</string>
      <string id="${ENROLMENT}">${title(ENROLMENT)}</string>
      <string id="${ENROLMENT}_help">File with a one-time token; exchanged for this machine’s own at the first start that has none.</string>
${strings.join('\n')}
    </stringTable>
    <presentationTable>
${presentations.join('\n')}
      <presentation id="${ENROLMENT}"><textBox refId="${ENROLMENT}"><label>${title(ENROLMENT)}</label></textBox></presentation>
    </presentationTable>
  </resources>
</policyDefinitionResources>
`;
}

function plistValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>';
  if (typeof value === 'number')
    return Number.isInteger(value) ? `<integer>${String(value)}</integer>` : `<real>${String(value)}</real>`;
  if (Array.isArray(value)) return `<array>${value.map(plistValue).join('')}</array>`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `<key>${escaped(key)}</key>${plistValue(inner)}`);
    return `<dict>${entries.join('')}</dict>`;
  }
  return `<string>${escaped(String(value))}</string>`;
}

/** As macOS hands it over: an example of each kind of value, with the profile's own fields between them. */
export const MANAGED_PREFERENCES = {
  PayloadType: 'org.rushcatalog.agent',
  PayloadVersion: 1,
  PayloadIdentifier: 'org.rushcatalog.agent.settings',
  PayloadUUID: '6E0E4E1C-5C0B-4E1F-8A55-1F2B6B0C7A01',
  PayloadDisplayName: 'RushCatalog Agent',
  serverUrl: 'https://rushcatalog.studio.example',
  mediaRoots: [{ name: 'rushes', path: '/Volumes/rushes' }],
  maxParallelJobs: 2,
  closeToTray: true,
  enrolmentTokenFile: '/Library/Application Support/rushcatalog-agent/enrolment-token',
} as const;

/** A profile to start from; MDM replaces its values. */
export function mobileconfig(): string {
  const profile = {
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: 'org.rushcatalog.agent',
    PayloadUUID: '6E0E4E1C-5C0B-4E1F-8A55-1F2B6B0C7A00',
    PayloadDisplayName: 'RushCatalog Agent',
    PayloadScope: 'System',
    PayloadContent: [MANAGED_PREFERENCES],
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">${plistValue(profile)}</plist>\n`;
}

export const TEMPLATES: Readonly<Record<string, () => string>> = {
  'build/policy/rushcatalog-agent.admx': admx,
  'build/policy/en-US/rushcatalog-agent.adml': adml,
  'build/policy/rushcatalog-agent.mobileconfig': mobileconfig,
  'build/policy/policy.schema.json': () => `${JSON.stringify(policyJsonSchema(), null, 2)}\n`,
};

if (import.meta.main) {
  for (const [file, make] of Object.entries(TEMPLATES)) writeInto(join(ROOT, file), make());
  console.log(Object.keys(TEMPLATES).join('\n'));
}
