import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Icon } from './Icon';
import { useFormat } from './context';

// Cursors lead only forward. Those that were passed in this tab lead back;
// where they are not known any more, back is the first page.
const passed = new Map<string, string>();

export interface PageOf {
  cursor?: string;
  page?: string;
}

interface PagerProps {
  list: string; // names the list: its filter as text
  at: PageOf;
  total: number;
  shown: number;
  size: number;
  next: string | null;
  go: (to: PageOf) => void;
}

export function Pager({ list, at, total, shown, size, next, go }: PagerProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const page = Math.max(1, Number(at.page) || 1);
  if (at.cursor) passed.set(`${list}#${page}`, at.cursor);
  const pages = Math.max(1, Math.ceil(total / size));
  const back = () => {
    const cursor = page > 2 ? passed.get(`${list}#${page - 1}`) : undefined;
    go(cursor ? { cursor, page: String(page - 1) } : { cursor: undefined, page: undefined });
  };
  const first = (page - 1) * size + 1;
  return (
    <div className="list-foot">
      <span className="num">{total === 0 ? t('list.none') : t('list.range', { from: f.count(first), to: f.count(first + shown - 1), n: f.count(total) })}</span>
      {pages > 1 ? (
        <span className="pages">
          <Button size="small" disabled={page <= 1} icon={<Icon name="left" size={14} />} onClick={back}>
            {t('list.back')}
          </Button>
          <span className="num">{t('list.page', { page: f.count(page), pages: f.count(pages) })}</span>
          <Button size="small" disabled={!next} icon={<Icon name="right" size={14} />} iconPlacement="end" onClick={() => go({ cursor: next ?? undefined, page: String(page + 1) })}>
            {t('list.next')}
          </Button>
        </span>
      ) : null}
    </div>
  );
}
