import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import { Failed, Loading } from '../components/Outcome'
import './settings.css'

export function SettingsPage() {
  const me = useQuery(queries.me())
  const actions = useQuery(queries.actions())
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <Title order={1}>Settings</Title>
          <p className="page-lead">Who may do what here, and what automations can do.</p>
        </div>
      </div>
      <Stack gap="lg">
        <section className="card settings-card" aria-labelledby="access">
          <Title order={2} id="access">
            Access
          </Title>
          {me.isPending && <Loading rows={2} label="Access is loading" />}
          {me.isError && <Failed what="Who you are" error={me.error} onRetry={() => void me.refetch()} />}
          {me.data && (
            <>
              <p>
                {me.data.auth === 'open'
                  ? 'Open mode: everybody on this machine works as administrator, without signing in. Start with AUTH=required to ask for a key.'
                  : 'A key is required for every request.'}
              </p>
              <dl className="facts">
                <dt>You</dt>
                <dd>{me.data.name}</dd>
                <dt>Role</dt>
                <dd>{me.data.role}</dd>
                <dt>Tenant</dt>
                <dd>{me.data.tenant_id}</dd>
              </dl>
            </>
          )}
        </section>
        <section className="card settings-card" aria-labelledby="actions">
          <Title order={2} id="actions">
            Actions
          </Title>
          {actions.isError && (
            <Failed what="The actions" error={actions.error} onRetry={() => void actions.refetch()} />
          )}
          <dl className="facts">
            {(actions.data ?? []).map((action) => (
              <div key={action.type} style={{ display: 'contents' }}>
                <dt>{action.title}</dt>
                <dd>{action.description}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section className="card settings-card" aria-labelledby="reference">
          <Title order={2} id="reference">
            For developers
          </Title>
          <p>
            Everything here can be done over REST:{' '}
            <a href="/api/v1/openapi.json">the description of the API</a>.
          </p>
        </section>
      </Stack>
    </div>
  )
}
