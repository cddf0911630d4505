import { useTranslation } from 'react-i18next';
import type { Calibration } from '@/api/types';
import { useFormat } from './context';

/** Calibrated says of what date and over how many people the thresholds are, and which they are. */
export function Calibrated({ calibration: c }: { calibration: Calibration }) {
  const { t } = useTranslation();
  const f = useFormat();
  const cuts = Object.entries(c.cuts ?? {});
  return (
    <div className="calibrated">
      <p>
        <span className={c.stored ? 'kind good' : 'kind'}>{c.stored ? t('calibration.version', { n: c.version }) : t('calibration.not_stored')}</span>
        <span>{t('calibration.at', { at: f.date(c.at), n: f.count(c.people) })}</span>
      </p>
      {cuts.length > 0 ? (
        <details>
          <summary>{t('calibration.cuts')}</summary>
          <dl className="pairs">
            {cuts.map(([name, values]) => (
              <span key={name} style={{ display: 'contents' }}>
                <dt>{name}</dt>
                <dd className="num">{values.map((v) => f.decimal(v)).join(' · ')}</dd>
              </span>
            ))}
          </dl>
        </details>
      ) : null}
    </div>
  );
}
