import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { Alert, Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, api, ApiError } from '@/api/client';
import { sessionQuery } from '@/api/queries';
import { Gate } from './Gate';

interface Credentials {
  account: string;
  password: string;
}

export function SignIn() {
  const { t } = useTranslation();
  const router = useRouter();
  const client = useQueryClient();
  const { next, sign_in_link } = useSearch({ from: '/login' });
  const signIn = useMutation({
    mutationFn: (body: Credentials) => answer(api.POST('/api/v1/session', { body })),
    onSuccess: async (session) => {
      client.setQueryData(sessionQuery.queryKey, session);
      // Only a path of this console; never another site.
      const safe = next && next.startsWith('/') && !next.startsWith('//') ? next : '/';
      await router.navigate({ href: safe, replace: true });
    },
  });
  const status = signIn.error instanceof ApiError ? signIn.error.status : 0;
  const problem = !signIn.isError ? null : status === 401 || status === 422 ? t('sign_in.wrong') : status === 429 ? t('sign_in.too_many') : t('error.unreachable');
  return (
    <Gate title={t('sign_in.title')} text={t('sign_in.text')}>
      {problem ? <Alert type="error" showIcon title={problem} style={{ marginBottom: 16 }} /> : null}
      {sign_in_link === 'refused' && !problem ? (
        <Alert type="warning" showIcon title={t('sign_in.link_refused')} description={t('sign_in.link_refused_text')} style={{ marginBottom: 16 }} />
      ) : null}
      <Form<Credentials> layout="vertical" requiredMark={false} size="large" onFinish={(v) => signIn.mutate(v)}>
        <Form.Item name="account" label={t('sign_in.account')} rules={[{ required: true, message: t('sign_in.account_needed') }]}>
          <Input autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item name="password" label={t('sign_in.password')} rules={[{ required: true, message: t('sign_in.password_needed') }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block disabled={signIn.isPending}>
          {t('sign_in.do')}
        </Button>
      </Form>
      <p className="gate-note">{t('sign_in.link_note')}</p>
    </Gate>
  );
}
