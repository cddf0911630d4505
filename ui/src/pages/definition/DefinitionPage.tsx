import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { definitionQuery, type DefinitionDetail, type DefinitionKind } from '@/api/definitions';
import { freshnessQuery } from '@/api/queries';
import { dayOf } from '@/format';
import { useText } from '@/i18n';
import { Calibrated } from '@/parts/Calibrated';
import { DateField } from '@/parts/DateField';
import { Refs } from '@/parts/Definition';
import { LinkButton, definitionPath, useMayPublish } from '@/parts/DefinitionLinks';
import { Card, Head } from '@/parts/Page';
import { Loaded, PageBones } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Samples } from './Samples';
import { filterOf, words } from './kinds';
import './definition.css';

export const SegmentDefinition = () => <DefinitionPage kind="segment" />;
export const TagDefinition = () => <DefinitionPage kind="tag" />;
export const TierDefinition = () => <DefinitionPage kind="tier" />;

/** DefinitionPage says what a definition means today, whom it holds and why, and how it came to be. */
function DefinitionPage({ kind }: { kind: DefinitionKind }) {
  const { name = '' } = useParams({ strict: false });
  const { as_of } = useSearch({ strict: false });
  const query = useQuery(definitionQuery(kind, name, as_of));
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(d) => <Detail key={`${kind}/${name}`} definition={d} asOf={as_of} />}
    </Loaded>
  );
}

function Detail({ definition: d, asOf }: { definition: DefinitionDetail; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const navigate = useNavigate();
  const mayPublish = useMayPublish();
  const { data: fresh } = useQuery(freshnessQuery);
  const facts = [
    [t('definition.owner'), d.owner],
    [t('definition.purpose'), d.purpose],
    [t('definition.consumer'), d.consumer],
  ].filter(([, value]) => value);
  return (
    <>
      <Head
        title={t('definition.of', { name: text(d.title) })}
        text={text(d.description) || undefined}
        actions={
          <>
            <DateField
              label={t('overview.as_of')}
              value={asOf}
              max={fresh ? dayOf(fresh.as_of) : undefined}
              clear
              onChange={(day) => void navigate({ to: '.', search: (prev: object) => ({ ...prev, as_of: day }) } as never)}
            />
            <LinkButton to={definitionPath.page(d.kind, d.name)}>{t(words[d.kind].back)}</LinkButton>
            {mayPublish ? (
              <LinkButton to={definitionPath.edit(d.kind, d.name)} icon="code" primary>
                {t('editor.edit')}
              </LinkButton>
            ) : null}
          </>
        }
      />
      <div className="stack">
        <div className="cols even">
          <section className="card w4 summary">
            <h2>{t(words[d.kind].count)}</h2>
            <p className="tile-value">
              <Link to="/customers" search={filterOf(d.kind, d.name)} className="plain">
                {f.count(d.count)}
              </Link>
            </p>
            <p className="tile-note">
              <span>{t('segments.share_of', { share: f.share(d.share) })}</span>
            </p>
            <p className="tile-note">
              <span>{asOf ? t('customers.as_of', { at: f.dateTime(d.as_of) }) : t('definition.counted', { at: f.dateTime(d.as_of) })}</span>
            </p>
            {facts.length > 0 ? (
              <dl className="definition-facts">
                {facts.map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            ) : null}
            {d.calibration ? <Calibrated calibration={d.calibration} /> : null}
          </section>
          <Card title={t('definition.says')} note={t('definition.says_note', { at: f.date(d.as_of) })} className="w8">
            <div className="stack">
              <Sentence text={text(d.sentence)} />
              <details className="definition-yaml" open>
                <summary>YAML</summary>
                <pre className="code" tabIndex={0} aria-label="YAML">
                  {d.yaml}
                </pre>
              </details>
            </div>
          </Card>
        </div>
        <Samples definition={d} asOf={asOf} />
        <div className="cols even">
          <Card title={t('definition.versions')} note={t('definition.n_versions', { count: d.versions.length, n: f.count(d.versions.length) })} className="w6" flush>
            <ol className="versions">
              {d.versions.map((v, i) => (
                <li key={v.version}>
                  <b className="num">{t('definition.version', { n: v.version })}</b>
                  {i === 0 ? <span className="kind good">{t('definition.in_force')}</span> : null}
                  <span className="muted num">{f.dateTime(v.at)}</span>
                  <span>{v.author === 'command line' ? t('definition.by_command') : v.author}</span>
                </li>
              ))}
            </ol>
          </Card>
          <Card title={t('definition.relations')} className="w6">
            <dl className="definition-facts wide">
              <div>
                <dt>{t('definition.uses')}</dt>
                <dd>
                  <Refs refs={d.uses} />
                </dd>
              </div>
              <div>
                <dt>{t('definition.used_by')}</dt>
                <dd>
                  <Refs refs={d.used_by} />
                </dd>
              </div>
            </dl>
          </Card>
        </div>
      </div>
    </>
  );
}

/** Sentence shows what a definition says; one of several lines as a list. */
export function Sentence({ text }: { text: string }) {
  return <p className="says">{text}</p>;
}
