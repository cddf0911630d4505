import { Button } from 'antd';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import { Icon, type IconName } from './Icon';

export function Empty({ title, text, icon = 'empty', children }: { title: string; text?: string; icon?: IconName; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} size={32} />
      <strong>{title}</strong>
      {text ? <p>{text}</p> : null}
      {children}
    </div>
  );
}

/** Failed says what went wrong in the words of the reader, what the server said, and offers another try. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const e = error instanceof ApiError ? error : null;
  return (
    <div className="state" role="alert">
      <Icon name="warn" size={32} />
      <strong>{t(`error.${e?.code ?? 'internal'}`)}</strong>
      {e?.message ? <p>{e.message}</p> : null}
      {e?.hint ? <p>{e.hint}</p> : null}
      {retry && e?.code !== 'not_found' ? <Button onClick={retry}>{t('action.retry')}</Button> : null}
    </div>
  );
}

export function Bones({ rows = 4, height = 16 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className="stack" style={{ padding: '16px 0' }} role="status" aria-label={t('state.loading')}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className="bone" style={{ height, width: `${96 - ((i * 17) % 38)}%` }} />
      ))}
    </div>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  bones?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Loaded shows bones until a query has its answer, and what went wrong where it has none. */
export function Loaded<T>({ query, bones, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <>{bones ?? <Bones />}</>;
}

export function PageBones() {
  return (
    <div className="stack">
      <span className="bone" style={{ height: 30, width: 220 }} />
      <div className="card">
        <div className="body" style={{ paddingTop: 16 }}>
          <Bones rows={3} height={20} />
        </div>
      </div>
      <div className="card">
        <div className="body" style={{ paddingTop: 16 }}>
          <Bones rows={7} height={18} />
        </div>
      </div>
    </div>
  );
}
