import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TierDetail } from '@/api/types';
import { warningsQuery, type WarningInfo, type WarningPart } from '@/api/tiers';
import { useText } from '@/i18n';
import { Card } from '@/parts/Page';
import { Bones, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import './tiers.css';

/** Warnings are the moves that the tier watches, with those who moved and those who are heading there. */
export function Warnings({ tier, asOf }: { tier: TierDetail; asOf?: string }) {
  const { t } = useTranslation();
  const query = useQuery(warningsQuery(tier.name, asOf));
  if (query.data && query.data.items.length === 0) return null; // nothing is watched, and the definition says so
  return (
    <Card title={t('warnings.title')} note={t('warnings.note')}>
      <Loaded query={query} bones={<Bones rows={4} />}>
        {(w) => (
          <ul className="warnings">
            {w.items.map((x) => (
              <One key={x.warning} warning={x} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function One({ warning: w }: { warning: WarningInfo }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  return (
    <li className={`warning ${w.state}`}>
      <header>
        <span className={`state ${w.state}`}>{t(`warnings.state.${w.state}`)}</span>
        <h3>{text(w.name)}</h3>
      </header>
      {text(w.name) === text(w.sentence) ? null : <p className="muted small">{text(w.sentence)}</p>}
      <div className="warning-sides">
        <Side title={t('warnings.moved', { since: f.date(w.since) })} part={w.moved} limit={w.limit} />
        <Side title={t('warnings.heading', { until: f.date(w.until) })} part={w.heading} limit={w.limit} />
      </div>
      {w.recorded ? <p className="muted small">{t('warnings.recorded', { n: f.count(w.recorded.number), at: f.date(w.recorded.as_of), state: t(`warnings.state.${w.recorded.to}`) })}</p> : null}
    </li>
  );
}

const SHOWN = 12;

function Side({ title, part, limit }: { title: string; part: WarningPart; limit: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const more = part.count - Math.min(part.count, SHOWN);
  return (
    <section>
      <h4>{title}</h4>
      <p className="num">
        <b className={!part.few && part.share > limit ? 'over' : ''}>{f.share(part.share)}</b> {t('warnings.of', { n: f.count(part.count), of: f.count(part.of) })}
        <small className="muted"> {t('warnings.limit', { limit: f.share(limit) })}</small>
      </p>
      {part.few ? <p className="muted small">{t('moves.few')}</p> : null}
      {part.count > 0 ? (
        <ul className="names" aria-label={title}>
          {part.customers.slice(0, SHOWN).map((c) => (
            <li key={c.id}>
              <Link to="/customers/$id" params={{ id: c.id }}>
                {c.name || c.id}
              </Link>
            </li>
          ))}
          {more > 0 ? <li className="muted">{t('warnings.more', { n: f.count(more) })}</li> : null}
        </ul>
      ) : null}
    </section>
  );
}
