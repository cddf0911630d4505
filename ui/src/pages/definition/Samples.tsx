import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { samplesQuery, type DefinitionDetail, type Sample } from '@/api/definitions';
import type { Reason } from '@/api/types';
import { useText } from '@/i18n';
import { Initial } from '@/parts/CustomerList';
import { Icon } from '@/parts/Icon';
import { LevelChip } from '@/parts/Level';
import { Card } from '@/parts/Page';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Why, WhyButton } from '@/pages/customer/Why';
import { filterOf, words } from './kinds';

/** Samples are ten whom a definition holds and ten whom it does not, each with the reason. */
export function Samples({ definition: d, asOf }: { definition: DefinitionDetail; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const navigate = useNavigate();
  const { why } = useSearch({ strict: false }) as { why?: string };
  const query = useQuery(samplesQuery(d.kind, d.name, asOf));
  const ask = (id: string | undefined) =>
    void navigate({ to: '.', search: (prev: object) => ({ ...prev, why: id }), replace: true, resetScroll: false } as never);
  const w = words[d.kind];
  const asked = query.data ? [...query.data.matching, ...query.data.others].find((s) => s.id === why) : undefined;
  return (
    <div className={query.data?.others.length === 0 || query.data?.matching.length === 0 ? 'cols' : 'cols even'}>
      <Card
        title={t(w.matching)}
        note={t(d.kind === 'segment' ? 'samples.some' : 'samples.each')}
        className="w6"
        flush
        end={
          <Link to="/customers" search={filterOf(d.kind, d.name)} className="link-button">
            {t('samples.all', { n: f.count(d.count) })}
            <Icon name="right" size={14} />
          </Link>
        }
      >
        <Loaded query={query} bones={<RowBones />}>
          {(s) => (s.matching.length === 0 ? <Empty title={t('samples.nobody')} text={t('samples.nobody_text')} icon="customers" /> : <People people={s.matching} matching ask={ask} />)}
        </Loaded>
      </Card>
      <Card title={t(w.others)} note={t(d.kind === 'segment' ? 'samples.near' : 'samples.some')} className="w6" flush>
        <Loaded query={query} bones={<RowBones />}>
          {(s) => (s.others.length === 0 ? <Empty title={t(w.none)} icon="customers" /> : <People people={s.others} matching={false} ask={ask} />)}
        </Loaded>
      </Card>
      <Why
        customer={why ?? ''}
        customerName={asked?.name || why || ''}
        asked={why ? { kind: d.kind, name: d.name } : undefined}
        title={text(d.title)}
        asOf={asOf}
        close={() => ask(undefined)}
      />
    </div>
  );
}

function RowBones() {
  return (
    <div style={{ padding: '0 20px 12px' }}>
      <Bones rows={8} height={30} />
    </div>
  );
}

function People({ people, matching, ask }: { people: Sample[]; matching: boolean; ask: (id: string) => void }) {
  const text = useText();
  return (
    <ul className="samples">
      {people.map((s) => (
        <li key={s.id}>
          <Link to="/customers/$id" params={{ id: s.id }} className="who">
            <Initial name={s.name || s.id} />
            <span>
              <strong>{s.name || s.id}</strong>
              <small className="num">{[s.id, s.phone_masked].filter(Boolean).join(' · ')}</small>
            </span>
          </Link>
          <div className="sample-why">
            {s.level ? <LevelChip id={s.level} name={s.value ?? { zh: s.level, en: s.level }} small /> : s.value ? <b className="sample-value">{text(s.value)}</b> : null}
            {deciding(s.why, matching).map((r, i) => (
              <Line key={i} reason={r} />
            ))}
          </div>
          <WhyButton ask={() => ask(s.id)} subject={s.name || s.id} />
        </li>
      ))}
    </ul>
  );
}

function Line({ reason: r }: { reason: Reason }) {
  const { t } = useTranslation();
  const text = useText();
  const found = text(r.found_text) || r.found;
  return (
    <p className={r.true ? 'yes' : 'no'} title={text(r.sentence)}>
      <Icon name={r.true ? 'check' : 'cross'} size={13} />
      <span className="sr">{t(r.true ? 'why.true' : 'why.false')}</span>
      <span className="sample-sentence">
        {withoutDates(text(r.sentence))}{' '}
        {found ? (
          <span className="sample-found">
            {t('why.found')} <b className="num">{found}</b>
          </span>
        ) : null}
      </span>
    </p>
  );
}

/** withoutDates leaves out the dates in brackets, which are the same in every line. */
const withoutDates = (sentence: string) => sentence.replace(/\s?[（(][^（）()]*\d{4}-\d{2}-\d{2}[^（）()]*[）)]/g, '');

const MOST = 2;

/** deciding are the conditions that make a customer belong, or that one lacks. */
function deciding(why: Reason, matching: boolean): Reason[] {
  const out: Reason[] = [];
  const walk = (r: Reason) => {
    const told = (r.parts ?? []).filter((p) => p.true !== undefined && p.true === matching);
    if (told.length === 0) {
      if (r.true !== undefined) out.push(r);
      return;
    }
    told.forEach(walk);
  };
  (why.parts ?? []).filter((p) => p.true === matching).forEach(walk);
  return out.slice(0, MOST);
}
