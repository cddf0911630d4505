import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { App, Button, Modal } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import { applyPlan, checkQuery, definitionQuery, estimateDraft, previewDraft, type DefinitionKind, type DraftCheck, type Estimate } from '@/api/definitions';
import { sessionQuery } from '@/api/queries';
import { useLang, useText } from '@/i18n';
import { LinkButton, definitionPath, useMayPublish } from '@/parts/DefinitionLinks';
import { Icon } from '@/parts/Icon';
import { Card, Head } from '@/parts/Page';
import { Failed, Loaded, PageBones } from '@/parts/State';
import { Checked } from './Checked';
import { CodeEditor, type EditorHandle } from './CodeEditor';
import { Estimated } from './Estimated';
import { Confirm, Preview } from './Preview';
import { hasPage } from './kinds';
import { template } from './templates';
import './definition.css';

export const NewSegment = () => <NewDefinition kind="segment" />;
export const NewTag = () => <NewDefinition kind="tag" />;
export const NewTier = () => <NewDefinition kind="tier" />;
export const EditSegment = () => <EditDefinition kind="segment" />;
export const EditTag = () => <EditDefinition kind="tag" />;
export const EditTier = () => <EditDefinition kind="tier" />;

function NewDefinition({ kind }: { kind: DefinitionKind }) {
  const { t } = useTranslation();
  const lang = useLang();
  const { data: session } = useQuery(sessionQuery);
  // The text one begins with does not change with the language of the page.
  const [text] = useState(() =>
    template(kind, {
      lang,
      owner: session?.account ?? 'owner',
      name: t(`editor.new_name.${kind}`),
      purpose: t('editor.new_purpose'),
      consumer: t('editor.new_consumer'),
      high: t('editor.new_high'),
      low: t('editor.new_low'),
    }),
  );
  return <Editor key={kind} kind={kind} title={t(`editor.new_title.${kind}`)} published={text} back={`/${kind}s`} />;
}

function EditDefinition({ kind }: { kind: DefinitionKind }) {
  const { t } = useTranslation();
  const text = useText();
  const { name = '' } = useParams({ strict: false });
  const query = useQuery(definitionQuery(kind, name));
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(d) => (
        <Editor
          key={`${kind}/${name}`}
          kind={kind}
          name={name}
          title={t('editor.title', { name: text(d.title) })}
          published={d.yaml}
          back={definitionPath.definition(kind, name)}
        />
      )}
    </Loaded>
  );
}

interface EditorProps {
  kind: DefinitionKind;
  name?: string; // of the definition that is edited; none for a new one
  title: string;
  published: string; // what the text begins with
  back: string;
}

const PAUSE = 350; // ms after the last key before a text is checked

/** Editor writes definitions, says at once what is wrong or what they mean, shows whom a change moves, and publishes it. */
function Editor({ kind, name, title, published, back }: EditorProps) {
  const { t } = useTranslation();
  const { as_of } = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayPublish = useMayPublish();
  const [begun, setBegun] = useState(published); // the text the editor began with
  const [text, setText] = useState(published);
  const [settledText, setSettledText] = useState(published);
  const [done, setDone] = useState(false);
  const [asking, setAsking] = useState(false);
  const editor = useRef<EditorHandle>(null);
  const result = useRef<HTMLDivElement>(null);
  const dirty = text !== begun && !done;
  // Another person published this definition while it was open here.
  const overtaken = !!name && published !== begun && !done;

  useEffect(() => {
    const timer = setTimeout(() => setSettledText(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);

  const check = useQuery(checkQuery(settledText, as_of));
  const last = useRef<DraftCheck>(undefined); // the last text that was right
  if (check.data?.ok) last.current = check.data;
  const checking = text !== settledText || check.isPending;

  // First an estimate, then the exact numbers. Both end, on the server too, when the text is edited or the page is left.
  const [estimated, setEstimated] = useState<Estimate>();
  const running = useRef<AbortController>(undefined);
  const preview = useMutation({
    mutationFn: async (yaml: string) => {
      running.current?.abort();
      const run = (running.current = new AbortController());
      setEstimated(undefined);
      try {
        setEstimated(await estimateDraft(yaml, as_of, run.signal));
        setTimeout(() => result.current?.scrollIntoView({ block: 'start', behavior: 'smooth' }), 50);
        return { plan: await previewDraft(yaml, as_of, run.signal), yaml, as_of };
      } catch (e) {
        if (run.signal.aborted) return null;
        throw e;
      }
    },
  });
  const stop = () => running.current?.abort();
  useEffect(() => stop, [text, as_of]);
  const shown = preview.data;
  const current = !!shown && shown.yaml === text && shown.as_of === as_of;
  const changes = shown?.plan.definitions.some((d) => d.change !== 'same') ?? false;

  const apply = useMutation({
    mutationFn: (plan: string) => applyPlan(plan),
    onSuccess: async (applied) => {
      setAsking(false);
      setDone(true);
      await client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' });
      void message.success(t('editor.applied', { count: applied.definitions.length, n: applied.definitions.length }));
      const target = applied.definitions.find((d) => d.kind === kind && d.name === name) ?? applied.definitions.find((d) => d.kind === kind) ?? applied.definitions.find((d) => hasPage(d.kind));
      const to = target && hasPage(target.kind) ? definitionPath.definition(target.kind, target.name) : back;
      await navigate({ to, ignoreBlocker: true } as never);
    },
    onError: () => setAsking(false),
  });
  const outdated = apply.error instanceof ApiError && apply.error.status === 409;

  const blocker = useBlocker({
    shouldBlockFn: ({ current: from, next }) => dirty && from.pathname !== next.pathname,
    enableBeforeUnload: dirty,
    withResolver: true,
  });

  if (!mayPublish) return <Failed error={new ApiError(403, { code: 'forbidden', detail: t('editor.not_allowed') })} />;
  return (
    <>
      <Head
        title={title}
        text={t('editor.text')}
        actions={
          <>
            <LinkButton to={back}>{t('editor.cancel')}</LinkButton>
            <Button
              type={current && changes ? 'default' : 'primary'}
              icon={<Icon name="eye" size={16} />}
              disabled={checking || !check.data?.ok || check.data.definitions.length === 0}
              loading={preview.isPending}
              onClick={() => {
                apply.reset();
                preview.mutate(text);
              }}
            >
              {t('editor.preview')}
            </Button>
          </>
        }
      />
      <div className="stack">
        {overtaken ? (
          <div className="asof" role="status">
            <Icon name="warn" size={16} />
            <span>{t('editor.overtaken')}</span>
            <Button
              size="small"
              onClick={() => {
                setBegun(published);
                setText(published);
                setSettledText(published);
              }}
            >
              {t('editor.load_latest')}
            </Button>
          </div>
        ) : null}
        <div className="cols editor">
          <section className="card w7 code-card" aria-label={t('editor.code')}>
            <CodeEditor text={begun} label={t('editor.code')} help="editor-help" problems={check.data?.errors ?? none} onChange={setText} handle={editor} />
            <p id="editor-help" className="editor-help">
              {t('editor.help')}
            </p>
          </section>
          <Checked
            className="w5"
            check={check.data}
            last={last.current}
            failed={check.error}
            checking={checking}
            show={(p) => editor.current?.show(p)}
            retry={() => void check.refetch()}
          />
        </div>
        <div ref={result} className="preview-anchor" aria-live="polite">
          {preview.isPending && estimated ? (
            <Estimated estimate={estimated} cancel={stop} />
          ) : preview.isError ? (
            <Card title={t('preview.title')}>
              <Failed error={preview.error} />
            </Card>
          ) : shown ? (
            <Preview
              plan={shown.plan}
              stale={!current || outdated}
              why={outdated ? 'outdated' : 'edited'}
              problem={apply.isError && !outdated ? apply.error : null}
              again={() => {
                apply.reset();
                preview.mutate(text);
              }}
              againDisabled={checking || !check.data?.ok || preview.isPending}
              publish={changes ? () => setAsking(true) : undefined}
            />
          ) : null}
        </div>
      </div>
      {shown ? <Confirm open={asking} plan={shown.plan} busy={apply.isPending} cancel={() => setAsking(false)} publish={() => apply.mutate(shown.plan.plan)} /> : null}
      <Modal
        open={blocker.status === 'blocked'}
        title={t('editor.leave_title')}
        okText={t('editor.leave')}
        okButtonProps={{ danger: true }}
        cancelText={t('editor.stay')}
        onOk={() => blocker.proceed?.()}
        onCancel={() => blocker.reset?.()}
      >
        {t('editor.leave_text')}
      </Modal>
    </>
  );
}

const none: DraftCheck['errors'] = [];
