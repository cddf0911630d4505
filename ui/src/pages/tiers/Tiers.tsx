import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { overviewQuery, tiersQuery } from '@/api/queries';
import { remindersQuery } from '@/api/tiers';
import { useText } from '@/i18n';
import { Calibrated } from '@/parts/Calibrated';
import { NewButton } from '@/parts/DefinitionLinks';
import { levelStyle, useLevelName } from '@/parts/Level';
import { Head } from '@/parts/Page';
import { Stacked } from '@/parts/Stacked';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import './tiers.css';

export function Tiers() {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const nameOf = useLevelName();
  const { as_of } = useSearch({ from: '/app/tiers' });
  const query = useQuery(tiersQuery(as_of));
  const shares = useQuery(overviewQuery(as_of)).data?.tiers;
  const due = useQuery(remindersQuery).data;
  return (
    <>
      <Head title={t('tiers.title')} text={t('tiers.text')} actions={<NewButton kind="tier" />} />
      <Loaded
        query={query}
        bones={
          <div className="card">
            <div className="body">
              <Bones rows={8} height={22} />
            </div>
          </div>
        }
      >
        {(tiers) =>
          tiers.length === 0 ? (
            <section className="card">
              <Empty title={t('tier.none')} text={t('tiers.none_text')} icon="tiers" />
            </section>
          ) : (
            <ul className="stack">
              {[...tiers].sort((a, b) => b.level_count - a.level_count).map((x) => {
                const share = shares?.find((s) => s.name === x.name);
                return (
                  <li key={x.name} className="card tier-card">
                    <div className="tier-card-words">
                      <h2>
                        <Link to="/tiers/$name" params={{ name: x.name }}>
                          {text(x.title)}
                        </Link>{' '}
                        {due?.some((d) => d.name === x.name) ? <span className="state raised">{t('tiers.review_due')}</span> : null}
                      </h2>
                      <p className="sentence">{text(x.description) || text(x.sentence)}</p>
                      {x.calibration ? <Calibrated calibration={x.calibration} /> : null}
                    </div>
                    <div className="tier-card-shares">
                      <p className="tile-note">
                        <b className="num">{t('tiers.people', { count: x.customers, n: f.count(x.customers) })}</b>
                        <span>{t('tiers.levels', { count: x.level_count, n: f.count(x.level_count) })}</span>
                      </p>
                      {share ? (
                        <>
                          <Stacked tier={share} />
                          <ul className="legend">
                            {share.levels.map((l, i) => (
                              <li key={l.id} style={levelStyle(l.id, i, share.levels.length)}>
                                <Link to="/customers" search={{ tier: x.name, level: l.id }}>
                                  <span>{nameOf(l.id, l.name)}</span>
                                  <b className="num">{f.count(l.count)}</b>
                                  <small className="num">{f.share(l.share)}</small>
                                </Link>
                              </li>
                            ))}
                          </ul>
                        </>
                      ) : (
                        <span className="bone" style={{ height: 24 }} />
                      )}
                    </div>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
