import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { Alert, Button, Form, Input } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, ApiError } from '@/api/client';
import { sessionQuery } from '@/api/queries';
import { Bones } from '@/parts/State';
import { Gate } from './Gate';

interface Passwords {
  current?: string;
  password: string;
  again: string;
}

export function SetPassword() {
  const { t } = useTranslation();
  const router = useRouter();
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const first = session.data?.must_set_password ?? true;

  useEffect(() => {
    if (session.isError) void router.navigate({ to: '/login', replace: true });
  }, [router, session.isError]);

  const save = useMutation({
    mutationFn: ({ current, password }: Passwords) => answer(api.PUT('/api/v1/session/password', { body: first ? { password } : { password, current } })),
    onSuccess: async () => {
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await router.navigate({ to: '/', replace: true });
    },
  });
  const message = save.error instanceof ApiError ? save.error.message : '';

  return (
    <Gate title={t(first ? 'password.first_title' : 'password.title')} text={first && session.data ? t('password.first_text', { account: session.data.account }) : t('password.text')}>
      {save.isError ? <Alert type="error" showIcon title={t('password.refused')} description={message || undefined} style={{ marginBottom: 16 }} /> : null}
      {session.data ? (
        <Form<Passwords> layout="vertical" requiredMark={false} size="large" onFinish={(v) => save.mutate(v)}>
          <input type="text" name="username" autoComplete="username" value={session.data.account} readOnly hidden />
          {first ? null : (
            <Form.Item name="current" label={t('password.current')} rules={[{ required: true, message: t('sign_in.password_needed') }]}>
              <Input.Password autoComplete="current-password" />
            </Form.Item>
          )}
          <Form.Item name="password" label={t('password.new')} extra={t('password.rule')} rules={[{ required: true, min: 10, message: t('password.rule') }]}>
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Form.Item
            name="again"
            label={t('password.again')}
            dependencies={['password']}
            rules={[
              { required: true, message: t('password.again_needed') },
              ({ getFieldValue }) => ({
                validator: (_, value) => (!value || value === getFieldValue('password') ? Promise.resolve() : Promise.reject(new Error(t('password.differs')))),
              }),
            ]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" block disabled={save.isPending}>
            {t('password.save')}
          </Button>
          {first ? null : (
            <p className="gate-note">
              <Link to="/">{t('password.back')}</Link>
            </p>
          )}
        </Form>
      ) : (
        <Bones rows={3} height={36} />
      )}
    </Gate>
  );
}
