import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LevelDetail, TierDetail } from '@/api/types';
import { exportURL } from '@/api/queries';
import { careQuery } from '@/api/tiers';
import { useText } from '@/i18n';
import { Icon } from '@/parts/Icon';
import { LevelChip, levelStyle, useLevelName } from '@/parts/Level';
import { List, type Column } from '@/parts/List';
import { Card } from '@/parts/Page';
import { useFormat } from '@/parts/context';

/** LevelTable sets each level's share of customers against its share of sales. */
export function LevelTable({ tier, asOf }: { tier: TierDetail; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const nameOf = useLevelName();
  const filter = (l: LevelDetail) => ({ tier: tier.name, level: l.id, ...(asOf ? { as_of: asOf } : {}) });
  // Of a past day nobody can be heading anywhere: it is known what they did.
  const care = useQuery({ ...careQuery(tier.name), enabled: !asOf }).data;
  const careOf = (l: LevelDetail) => care?.levels.find((x) => x.id === l.id);
  const median = (l: LevelDetail) => careOf(l)?.median_days;
  const most = Math.max(0.01, ...tier.levels.flatMap((l) => [l.share, l.sales_share]));
  const chip = (l: LevelDetail) => <LevelChip id={l.id} name={l.name} position={tier.levels.indexOf(l)} of={tier.levels.length} tier={tier.name} />;
  const pair = (l: LevelDetail, named = false) => (
    <div className={named ? 'paired named' : 'paired'} style={levelStyle(l.id, tier.levels.indexOf(l), tier.levels.length)}>
      <span className={named ? 'name' : 'sr'}>{t('tier.share_of_customers')}</span>
      <i aria-hidden="true">
        <b className="people" style={{ width: `${(100 * l.share) / most}%` }} />
      </i>
      <span className="num">{f.share(l.share)}</span>
      <span className={named ? 'name' : 'sr'}>{t('tier.share_of_sales')}</span>
      <i aria-hidden="true">
        <b className="sales" style={{ width: `${(100 * l.sales_share) / most}%` }} />
      </i>
      <span className="num strong">{f.share(l.sales_share)}</span>
    </div>
  );
  const count = (l: LevelDetail) => (
    <Link to="/customers" search={filter(l)} className="count-link num" aria-label={t('tier.open', { name: nameOf(l.id, l.name), n: f.count(l.count) })}>
      {f.count(l.count)}
    </Link>
  );
  const exportLink = (l: LevelDetail) => (
    <a className="link-button" href={exportURL(filter(l))} download title={t('customers.export_note')} aria-label={t('tier.export', { name: nameOf(l.id, l.name) })}>
      <Icon name="export" size={15} />
      {t('customers.export')}
    </a>
  );
  const advice = (l: LevelDetail) => (
    <div className="advice">
      {l.no_action ? <span className="kind">{t('tier.no_action')}</span> : null}
      {text(l.advice) || (l.no_action ? '' : '–')}
      {l.service ? <p className="muted small">{t('tier.service', { service: l.service })}</p> : null}
    </div>
  );
  const columns: Column<LevelDetail>[] = [
    {
      key: 'level',
      title: t('tier.level'),
      render: (l) => (
        <div className="two-lines">
          {chip(l)}
          {text(l.meaning) ? <p className="muted small">{text(l.meaning)}</p> : null}
        </div>
      ),
    },
    { key: 'count', title: t('tier.people'), right: true, render: count },
    {
      key: 'share',
      width: 250,
      title: (
        <span className="paired-key">
          <span>
            <i className="people" />
            {t('tier.share_of_customers')}
          </span>
          <span>
            <i className="sales" />
            {t('tier.share_of_sales')}
          </span>
        </span>
      ),
      render: (l) => pair(l),
    },
    { key: 'sales', title: t('tier.sales'), right: true, render: (l) => <span title={f.money(l.sales)}>{f.moneyCompact(l.sales)}</span> },
    { key: 'head', title: t('tier.per_head'), right: true, render: (l) => f.money(l.value_per_head) },
    ...(asOf
      ? []
      : [
          {
            key: 'down',
            title: <span title={t('tier.heading_down_note')}>{t('tier.heading_down')}</span>,
            right: true,
            render: (l: LevelDetail) => (
              <>
                {f.count(careOf(l)?.heading_down ?? 0)}
                {median(l) != null ? <p className="muted small">{t('tier.median_days', { days: f.decimal(Math.round(median(l) ?? 0)) })}</p> : null}
              </>
            ),
          },
        ]),
    { key: 'advice', title: t('tier.advice'), render: advice },
    { key: 'do', title: <span className="sr">{t('customers.export')}</span>, right: true, render: exportLink },
  ];
  return (
    <Card title={t('tier.levels')} note={t('tier.levels_note')} flush>
      <List
        label={t('tier.levels')}
        rows={tier.levels}
        columns={columns}
        rowKey={(l) => l.id}
        card={(l) => (
          <div className="segment-card">
            <div className="spread">
              {chip(l)}
              {count(l)}
            </div>
            {text(l.meaning) ? <p className="muted small">{text(l.meaning)}</p> : null}
            {pair(l, true)}
            <p className="level-facts">
              <span>
                {t('tier.sales')} <b className="num">{f.moneyCompact(l.sales)}</b>
              </span>
              <span>
                {t('tier.per_head')} <b className="num">{f.money(l.value_per_head)}</b>
              </span>
              {asOf ? null : (
                <span>
                  {t('tier.heading_down')} <b className="num">{f.count(careOf(l)?.heading_down ?? 0)}</b>
                </span>
              )}
            </p>
            <div className="spread">
              {advice(l)}
              {exportLink(l)}
            </div>
          </div>
        )}
      />
    </Card>
  );
}
