import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TagDetail, ValueBin } from '@/api/types';
import { tagQuery } from '@/api/queries';
import { Chart } from '@/charts/Chart';
import { useText } from '@/i18n';
import { Calibrated } from '@/parts/Calibrated';
import { Definition } from '@/parts/Definition';
import { DefinitionButton } from '@/parts/DefinitionLinks';
import { Head } from '@/parts/Page';
import { Recalibrate } from '@/parts/Recalibrate';
import { Loaded, PageBones } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { useClassName } from './classes';

export function Tag() {
  const { name } = useParams({ from: '/app/tags/$name' });
  const { as_of } = useSearch({ from: '/app/tags/$name' });
  const query = useQuery(tagQuery(name, as_of));
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(x) => <Detail key={name} tag={x} past={!!as_of} />}
    </Loaded>
  );
}

function Detail({ tag: x, past }: { tag: TagDetail; past: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const className = useClassName();
  return (
    <>
      <Head title={text(x.title)} text={text(x.description) || undefined} actions={<DefinitionButton kind="tag" name={x.name} />} />
      <div className="stack">
        <div className="cols even">
          <section className="card w4 summary">
            <h2>{t('tags.have')}</h2>
            <p className="tile-value">
              <Link to="/customers" search={{ tag: x.name }} className="plain">
                {f.count(x.have_value)}
              </Link>
            </p>
            <p className="tile-note">
              <span>{t('tags.coverage_of', { share: f.share(x.coverage) })}</span>
            </p>
            <p className="tile-note">
              <span className="kind">{className(x.class)}</span>
            </p>
            <h2>{t('tags.rule')}</h2>
            <p className="rule">{text(x.sentence)}</p>
            {x.calibration ? <Calibrated calibration={x.calibration} /> : null}
            {x.calibration && !past ? <Recalibrate kind="tag" name={x.name} /> : null}
          </section>
          <Chart
            className="w8"
            title={t('tags.distribution')}
            note={t('tags.distribution_note')}
            label={t('tags.distribution')}
            table={{
              columns: [{ title: t('tags.value') }, { title: t('tier.people'), right: true }, { title: t('tier.share'), right: true }],
              rows: x.distribution.map((b) => [text(b.label), f.count(b.count), f.share(x.have_value ? b.count / x.have_value : 0)]),
            }}
          >
            <ul className="bins">
              {x.distribution.map((b, i) => (
                <Bin key={i} tag={x} bin={b} />
              ))}
            </ul>
          </Chart>
        </div>
        <Definition yaml={x.yaml} owner={x.owner} purpose={x.purpose} uses={x.uses} usedBy={x.used_by} />
      </div>
    </>
  );
}

function Bin({ tag, bin }: { tag: TagDetail; bin: ValueBin }) {
  const f = useFormat();
  const text = useText();
  const most = Math.max(1, ...tag.distribution.map((b) => b.count));
  const inner = (
    <>
      <span className="bin-name">{text(bin.label)}</span>
      <i aria-hidden="true">
        <b style={{ width: `${(100 * bin.count) / most}%` }} />
      </i>
      <span className="num">{f.count(bin.count)}</span>
      <small className="num">{f.share(tag.have_value ? bin.count / tag.have_value : 0)}</small>
    </>
  );
  return (
    <li>
      {bin.value ? (
        <Link to="/customers" search={{ tag: tag.name, value: bin.value }}>
          {inner}
        </Link>
      ) : (
        <div>{inner}</div>
      )}
    </li>
  );
}
