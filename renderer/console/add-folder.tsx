import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { RulePlan } from '../../shared/wire-rules.ts';
import { notify } from '../notices.tsx';
import { Icon } from '../ui/icon.tsx';
import { FolderFields } from './folder-fields.tsx';
import { consoleTo } from './route.ts';
import { NEW_RULE, wishOf, wrongIn, type RuleDraft, type Wrong } from './rule-draft.ts';
import { PlanText } from './rule-plan.tsx';
import type { Answered } from './server.ts';
import { lookAgain, useConsole } from './use-server.ts';

const NOTHING_WRONG: Wrong = {};

/** A folder to be watched: tried first, so that a person sees what would become of it. `roots`: at least one. */
export function AddFolder({ roots }: { readonly roots: readonly string[] }) {
  const { t } = useTranslation();
  const { server } = useConsole();
  const [draft, setDraft] = useState<RuleDraft>({ ...NEW_RULE, root: roots[0] ?? '' });
  const [wrong, setWrong] = useState(NOTHING_WRONG);
  const [plan, setPlan] = useState<RulePlan | null>(null);
  const [tries, setTries] = useState(false);
  const adds = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const planned = useRef<HTMLDivElement>(null);
  /** What is tried has to be what stands there. */
  const written = useRef(draft);
  // Whoever came by the keyboard goes on here.
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => {
    if (wrong !== NOTHING_WRONG) form.current?.querySelector<HTMLElement>('[data-wrong]')?.focus();
  }, [wrong]);
  // On a phone it is further down than the field in which Enter was pressed.
  useEffect(() => {
    if (plan !== null) planned.current?.scrollIntoView({ block: 'nearest' });
  }, [plan]);

  const change = (some: Partial<RuleDraft>): void => {
    written.current = { ...draft, ...some };
    setDraft(written.current);
    setPlan(null);
  };
  const refused = ({ refusal, fields }: Answered<unknown> & { readonly ok: false }): void => {
    const found = wrongIn({ ...refusal, fields });
    if (Object.keys(found).length > 0) setWrong(found);
    else notify(refusal);
  };
  const tryIt = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (tries) return;
    const tried = written.current;
    setTries(true);
    setPlan(null);
    setWrong(NOTHING_WRONG);
    // A trial needs no name.
    const name = tried.name.trim() === '' ? tried.root : tried.name;
    const answer = await server.post<RulePlan>('/rules/plan', { ...wishOf(tried), name });
    setTries(false);
    if (tried !== written.current) return;
    if (answer.ok) setPlan(answer.output);
    else refused(answer);
  };
  const watch = async (): Promise<void> => {
    if (adds.current) return;
    adds.current = true;
    setWrong(NOTHING_WRONG);
    const answer = await server.post('/rules', { ...wishOf(written.current), enabled: true });
    adds.current = false;
    if (!answer.ok) return refused(answer);
    lookAgain();
    window.location.hash = consoleTo('folders');
    document.querySelector<HTMLElement>('#content')?.focus();
  };

  return (
    <div className="view-body">
      <form ref={form} className="folder-form" noValidate onSubmit={(event) => void tryIt(event)}>
        <header className="job-head">
          <a className="back-link" href={consoleTo('folders')}>
            <Icon name="back" size={14} /> {t('console.folders.back')}
          </a>
          <h1>{t('console.folders.add')}</h1>
          <p className="hint">{t('console.folders.intro')}</p>
        </header>
        <FolderFields draft={draft} roots={roots} wrong={wrong} onChange={change}>
          <div className="folder-verbs">
            <button type="submit" className={plan === null ? 'button button-main' : 'button'}>
              {t('console.folders.try')}
            </button>
            <button
              type="button"
              className={plan === null ? 'button' : 'button button-main'}
              onClick={() => void watch()}
            >
              {t('console.folders.watch')}
            </button>
          </div>
          <div className="plan" role="status" ref={planned}>
            {tries && <p className="quiet">{t('console.folders.trying')}</p>}
            {plan !== null && <PlanText plan={plan} />}
          </div>
        </FolderFields>
      </form>
    </div>
  );
}
