import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TierDetail } from '@/api/types';
import { freshnessQuery, tierQuery } from '@/api/queries';
import { dayOf } from '@/format';
import { useText } from '@/i18n';
import { Calibrated } from '@/parts/Calibrated';
import { DateField } from '@/parts/DateField';
import { Definition } from '@/parts/Definition';
import { DefinitionButton } from '@/parts/DefinitionLinks';
import { Head } from '@/parts/Page';
import { Recalibrate } from '@/parts/Recalibrate';
import { Loaded, PageBones } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Care } from './Care';
import { Grid } from './Grid';
import { LevelTable } from './LevelTable';
import { MovesMatrix } from './MovesMatrix';
import { Warnings } from './Warnings';

export function Tier() {
  const { name } = useParams({ from: '/app/tiers/$name' });
  return <One key={name} name={name} />;
}

function One({ name }: { name: string }) {
  const { as_of } = useSearch({ from: '/app/tiers/$name' });
  const query = useQuery(tierQuery(name, as_of));
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(x) => <Detail tier={x} asOf={as_of} />}
    </Loaded>
  );
}

function Detail({ tier: x, asOf }: { tier: TierDetail; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const navigate = useNavigate();
  const { data: fresh } = useQuery(freshnessQuery);
  const today = dayOf(fresh?.as_of ?? x.as_of);
  return (
    <>
      <Head
        title={text(x.title)}
        text={text(x.description) || undefined}
        actions={
          <>
            <DateField
              label={t('overview.as_of')}
              value={asOf}
              max={today}
              clear
              onChange={(day) => void navigate({ to: '/tiers/$name', params: { name: x.name }, search: (prev) => ({ ...prev, as_of: day }) })}
            />
            <DefinitionButton kind="tier" name={x.name} />
          </>
        }
      />
      <div className="stack">
        <section className="card headline">
          <div>
            <p className="headline-words">{text(x.headline)}</p>
            <p className="sentence">{text(x.sentence)}</p>
          </div>
          <dl className="facts">
            <div>
              <dt>{t('tier.with_level')}</dt>
              <dd className="num">{f.count(x.customers)}</dd>
            </div>
            <div>
              <dt>{t('tier.sales')}</dt>
              <dd className="num" title={f.money(x.sales)}>
                {f.moneyCompact(x.sales)}
              </dd>
            </div>
            <div className="wide">
              <dt>{t('calibration.title')}</dt>
              <dd>
                {x.calibration ? <Calibrated calibration={x.calibration} /> : t('calibration.none')}
                {x.calibration && !asOf ? <Recalibrate kind="tier" name={x.name} /> : null}
              </dd>
            </div>
          </dl>
        </section>
        {x.grid ? <Grid tier={x} grid={x.grid} asOf={asOf} /> : null}
        <LevelTable tier={x} asOf={asOf} />
        <Warnings tier={x} asOf={asOf} />
        <MovesMatrix tier={x} today={asOf ?? today} asOf={asOf} />
        {asOf ? null : <Care tier={x} />}
        <Definition yaml={x.yaml} owner={x.owner} purpose={x.purpose} uses={x.uses} usedBy={x.used_by} />
      </div>
    </>
  );
}
