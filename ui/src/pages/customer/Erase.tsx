import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { App, Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { erase, erasureQuery } from '@/api/erasure';
import { sessionQuery } from '@/api/queries';
import { Bones, Failed } from '@/parts/State';
import { useFormat } from '@/parts/context';

/** Erase lets an owner erase the customer for good, after typing the customer's id. */
export function Erase({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const [open, setOpen] = useState(false);
  if (session?.role !== 'owner') return null;
  return (
    <>
      <Button danger size="small" onClick={() => setOpen(true)}>
        {t('erase.action')}
      </Button>
      {open ? <Confirm id={id} close={() => setOpen(false)} /> : null}
    </>
  );
}

function Confirm({ id, close }: { id: string; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const query = useQuery(erasureQuery(id));
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const act = useMutation({
    mutationFn: () => erase(id, typed.trim(), reason.trim()),
    onSuccess: async (r) => {
      close();
      void message.success(t('erase.done', { id: r.id }), 10);
      await navigate({ to: '/customers' });
      client.removeQueries({ predicate: (q) => q.queryKey[0] !== 'session' });
    },
  });
  const x = query.data;
  return (
    <Modal
      open
      title={t('erase.title')}
      okText={t('erase.confirm')}
      cancelText={t('confirm.cancel')}
      okButtonProps={{ danger: true, disabled: !x || typed.trim() !== x.customer || reason.trim() === '' }}
      confirmLoading={act.isPending}
      onOk={() => act.mutate()}
      onCancel={close}
    >
      {act.isError ? <Failed error={act.error} /> : null}
      {query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : !x ? (
        <Bones rows={4} />
      ) : (
        <div className="stack">
          <p>{t('erase.what', { keys: x.keys.join(f.lang === 'zh' ? '、' : ', '), events: f.count(x.events), attributes: f.count(x.attributes) })}</p>
          {x.named.length > 0 ? <p>{t('erase.named', { names: x.named.join(f.lang === 'zh' ? '、' : ', ') })}</p> : null}
          {x.backups.length > 0 ? <p>{t('erase.backups', { places: x.backups.join(f.lang === 'zh' ? '、' : ', ') })}</p> : null}
          <label>
            <span>{t('erase.reason')}</span>
            <Input value={reason} onChange={(e) => setReason(e.target.value)} />
          </label>
          <label>
            <span>{t('erase.type', { id: x.customer })}</span>
            <Input value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" />
          </label>
        </div>
      )}
    </Modal>
  );
}
