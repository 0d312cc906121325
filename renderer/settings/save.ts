import type { Bridge } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { SettingName } from '../../shared/settings.ts';
import { discard, drafts, issuesOf } from './draft.ts';

export type Saved =
  | { readonly kind: 'saved'; readonly restart: readonly SettingName[] }
  /** Said at the fields; nothing was saved. */
  | { readonly kind: 'wrong' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Sends what was changed; nothing wrong is sent, and a refused change stays in the form. */
export async function saveDraft(bridge: Bridge): Promise<Saved> {
  const { draft } = drafts.getState();
  if (Object.keys(issuesOf(draft)).length > 0) return { kind: 'wrong' };
  const answer = await bridge.call('changeSettings', { change: draft });
  if (answer.ok) {
    discard();
    return { kind: 'saved', restart: answer.output.restart };
  }
  const { refusal } = answer;
  if (refusal.field === undefined || refusal.field === '') return { kind: 'refused', refusal };
  drafts.setState({ refused: { [refusal.field]: { kind: 'said', message: refusal.message } } });
  return { kind: 'wrong' };
}
