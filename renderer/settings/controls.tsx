import { Switch } from '@base-ui/react/switch';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Button } from '../ui/parts.tsx';
import type { Control, FieldName, Unit } from './fields.ts';

interface ControlProps {
  readonly id: string;
  readonly name: FieldName;
  readonly value: unknown;
  readonly disabled: boolean;
  /** Ids of what explains the control and says what is wrong with it. */
  readonly describedBy: string;
  readonly wrong: boolean;
  readonly onChange: (value: unknown) => void;
}

type Simple = Exclude<Control['kind'], 'hours' | 'roots'>;

/** The control of one setting that is one value. */
export function SimpleControl({ control, ...props }: ControlProps & { readonly control: Control & { kind: Simple } }) {
  switch (control.kind) {
    case 'text':
      return <TextInput {...props} />;
    case 'path':
      return <PathInput {...props} pick={control.pick} />;
    case 'number':
      return <NumberInput {...props} unit={control.unit} step={control.step} scale={1} />;
    case 'percent':
      return <NumberInput {...props} unit="percent" step={5} scale={100} />;
    case 'switch':
      return <Toggle {...props} />;
    case 'choice':
      return <Choice {...props} options={control.options} />;
    case 'lines':
      return <Lines {...props} />;
  }
}

const shared = ({ id, disabled, describedBy, wrong }: ControlProps) => ({
  id,
  disabled,
  'aria-describedby': describedBy,
  'aria-invalid': wrong ? true : undefined,
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function TextInput(props: ControlProps) {
  return (
    <input
      {...shared(props)}
      className="input"
      type="text"
      spellCheck={false}
      value={text(props.value)}
      onChange={({ target }) => props.onChange(target.value === '' ? emptied(props.name) : target.value)}
    />
  );
}

/** What an empty field means: the default again, except for a name, which must be there. */
function emptied(name: FieldName): string | null {
  return name === 'agentName' ? '' : null;
}

/** Left empty, the agent looks for these; every other path that is left empty is none. */
const FOUND_BY_ITSELF: ReadonlySet<FieldName> = new Set([
  'ffmpegPath',
  'ffprobePath',
  'whisperCliPath',
  'speechModelFolder',
]);

function PathInput(props: ControlProps & { readonly pick: 'file' | 'folder' }) {
  const { t } = useTranslation();
  const [picking, setPicking] = useState(false);
  return (
    <div className="input-row">
      <input
        {...shared(props)}
        className="input input-path"
        type="text"
        spellCheck={false}
        value={text(props.value)}
        placeholder={t(FOUND_BY_ITSELF.has(props.name) ? 'settings.unset' : 'settings.noFile')}
        onChange={({ target }) => props.onChange(target.value === '' ? null : target.value)}
      />
      <Button disabled={props.disabled} onClick={() => setPicking(true)} label={t(`settings.browse.${props.pick}`)}>
        {t('settings.browse.short')}
      </Button>
      {picking && (
        <FolderPicker
          what={props.pick}
          start={text(props.value)}
          onClose={() => setPicking(false)}
          onChosen={([path]) => path !== undefined && props.onChange(path)}
        />
      )}
    </div>
  );
}

function NumberInput(props: ControlProps & { readonly unit: Unit; readonly step: number; readonly scale: number }) {
  const { t } = useTranslation();
  const { value, scale, unit } = props;
  const shown = typeof value === 'number' ? String(Math.round(value * scale * 1000) / 1000) : text(value);
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <div className="input-row">
      <input
        {...shared(props)}
        className="input input-number"
        type="text"
        inputMode="decimal"
        value={typed ?? shown}
        onBlur={() => setTyped(null)}
        onChange={({ target }) => {
          setTyped(target.value);
          props.onChange(parseNumber(target.value, scale));
        }}
      />
      {unit !== 'none' && <span className="unit">{t(`settings.unit.${unit}`)}</span>}
    </div>
  );
}

/** A number as people type it, with a comma too; what is none is kept as it is, so that the schema can say so. */
function parseNumber(typed: string, scale: number): number | string | null {
  const plain = typed.trim().replace(',', '.');
  if (plain === '') return null;
  const number = Number(plain);
  return Number.isFinite(number) ? number / scale : typed;
}

function Toggle(props: ControlProps) {
  return (
    <Switch.Root
      {...shared(props)}
      aria-labelledby={`${props.id}-label`}
      className="switch"
      checked={props.value === true}
      onCheckedChange={(checked) => props.onChange(checked)}
    >
      <Switch.Thumb className="switch-thumb" />
    </Switch.Root>
  );
}

function Choice(props: ControlProps & { readonly options: readonly string[] }) {
  const { t } = useTranslation();
  // Which options belong to which setting is data (fields.ts); a test looks that each has its text.
  const label = (option: string): string => t(`settings.choice.${props.name}.${option}` as 'settings.title');
  return (
    <select
      {...shared(props)}
      className="input select"
      value={text(props.value)}
      onChange={({ target }) => props.onChange(target.value)}
    >
      {props.options.map((option) => (
        <option key={option} value={option}>
          {label(option)}
        </option>
      ))}
    </select>
  );
}

function Lines(props: ControlProps) {
  const list = Array.isArray(props.value) ? props.value.map(String) : [];
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <textarea
      {...shared(props)}
      className="input lines"
      rows={Math.min(10, Math.max(3, list.length + 1))}
      spellCheck={false}
      value={typed ?? list.join('\n')}
      onBlur={() => setTyped(null)}
      onChange={({ target }) => {
        setTyped(target.value);
        props.onChange(
          target.value
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== ''),
        );
      }}
    />
  );
}
