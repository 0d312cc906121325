import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, Empty } from './ui/parts.tsx';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** Keeps a view that breaks from taking the page with it: the agent goes on, and so do the other views. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <BrokenView error={error} onAgain={() => this.setState({ error: undefined })} />;
  }
}

function BrokenView({ error, onAgain }: { readonly error: unknown; readonly onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <Empty icon="failures" title={t('app.brokenTitle')}>
        <p>{t('app.brokenBody')}</p>
        <p>
          <Button onClick={onAgain}>{t('app.brokenAgain')}</Button>
        </p>
        <p className="hint">{error instanceof Error ? `${error.name}: ${error.message}` : String(error)}</p>
      </Empty>
    </div>
  );
}
