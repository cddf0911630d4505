import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { usePageTitle } from '@/parts/context';
import { Empty, Failed } from '@/parts/State';

export function Missing() {
  const { t } = useTranslation();
  usePageTitle(t('missing.title'));
  return (
    <main className="main">
      <h1 className="sr">{t('missing.title')}</h1>
      <Empty title={t('missing.title')} text={t('missing.text')}>
        <Link to="/">{t('missing.home')}</Link>
      </Empty>
    </main>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <main className="main">
      <Failed error={error} retry={reset} />
    </main>
  );
}
