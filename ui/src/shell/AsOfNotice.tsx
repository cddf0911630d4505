import { useQuery } from '@tanstack/react-query';
import { useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { freshnessQuery } from '@/api/queries';
import { addDays, dayOf } from '@/format';
import { Icon } from '@/parts/Icon';
import { useFormat } from '@/parts/context';
import './as-of.css';

// Data that ended longer ago than this are old: everybody would seem to have
// left. They are looked at as of the day after their last.
const OLD = 2;

/** Pages whose figures depend on the day, and those on which old data surprise. */
const dated = /^\/($|customers|segments|tags|tiers)/;
const surprising = /^\/($|segments|tags|tiers)/;
const writing = /\/(edit|new-\w+)$/;

/** AsOfNotice says that a past day is looked at, or that the data end long before today. */
export function AsOfNotice() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const { as_of } = useSearch({ strict: false });
  const { data } = useQuery(freshnessQuery);
  const view = (day: string | undefined) => void navigate({ to: '.', search: (prev: object) => ({ ...prev, as_of: day, cursor: undefined, page: undefined }), replace: true } as never);

  if (as_of) {
    if (!dated.test(path)) return null;
    return (
      <div className="asof" role="status">
        <Icon name="clock" size={16} />
        <span>{t('asof.viewing', { at: f.date(as_of) })}</span>
        <Button size="small" onClick={() => view(undefined)}>
          {t('asof.back')}
        </Button>
      </div>
    );
  }
  const last = data?.data_until ? dayOf(data.data_until) : '';
  if (!data || !last || addDays(last, OLD) >= dayOf(data.as_of) || !surprising.test(path) || writing.test(path)) return null;
  return (
    <div className="asof" role="status">
      <Icon name="clock" size={16} />
      <span>{t('asof.ended', { at: f.date(last) })}</span>
      <Button size="small" onClick={() => view(addDays(last, 1))}>
        {t('asof.view_day')}
      </Button>
    </div>
  );
}
