import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../shared/failure.ts';
import { Said } from '../ui/parts.tsx';
import type { Server } from './server.ts';

/** Who comes, by name and token. */
export function SignIn({ server }: { readonly server: Server }) {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [asks, setAsks] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setAsks(true);
    const answer = await server.signIn(String(given.get('name')).trim(), String(given.get('token')).trim());
    setAsks(false);
    if (!answer.ok) setRefusal(answer.refusal);
  };
  return (
    <main className="alone">
      <form className="alone-box sign-in" onSubmit={(event) => void submit(event)}>
        <p className="top-name">
          <span className="top-mark" aria-hidden="true" />
          <span className="top-title">{t('console.title')}</span>
        </p>
        <h1>{t('console.signIn.title')}</h1>
        <label className="stacked">
          <span>{t('console.signIn.name')}</span>
          <input className="input" name="name" autoComplete="username" required maxLength={64} spellCheck={false} />
        </label>
        <label className="stacked">
          <span>{t('console.signIn.token')}</span>
          <input
            className="input"
            name="token"
            type="password"
            autoComplete="current-password"
            required
            maxLength={200}
            aria-describedby="sign-in-hint"
          />
        </label>
        <div role="alert">
          {refusal !== null && (
            <div className="wrong">
              <Said code={refusal.code} message={refusal.message} />
            </div>
          )}
        </div>
        <button type="submit" className="button button-main" disabled={asks}>
          {t('console.signIn.verb')}
        </button>
        <p className="hint" id="sign-in-hint">
          {t('console.signIn.hint')}
        </p>
      </form>
    </main>
  );
}
