import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { queries } from '../api/queries'
import type { Automation } from '../api/types'
import { AutomationLoader } from '../automations/AutomationLoader'
import { Builder } from '../build/Builder'
import { Failed, Loading } from '../components/Outcome'
import { openDocument } from '../model/document'

export function AutomationPage() {
  const { automationId } = useParams({ from: '/automations/$automationId' })
  return (
    <AutomationLoader id={automationId} key={automationId}>
      {(automation) => <Opened automation={automation} />}
    </AutomationLoader>
  )
}

/** Works on the draft if there is one, else on what is published: in the sandbox while it is active, else live. */
function Opened({ automation }: { automation: Automation }) {
  const sandbox = useQuery(queries.sandbox())
  const isInSandbox = sandbox.data?.active ?? false
  const environment = isInSandbox && automation.environments.sandbox !== null ? 'sandbox' : undefined
  const published = useQuery({
    ...queries.automation(automation.id),
    queryKey: ['automation', automation.id, 'sandbox'],
    queryFn: () => queries.sandboxDocument(automation.id),
    enabled: environment === 'sandbox',
  })
  const held = useQuery({ ...queries.held(automation.id, environment), enabled: !sandbox.isPending })
  if (held.isError) {
    return (
      <div className="page">
        <Failed what="The draft" error={held.error} onRetry={() => void held.refetch()} />
      </div>
    )
  }
  if (held.isPending || sandbox.isPending || published.isLoading)
    return <Loading label="The draft is loading" />
  const base = openDocument(published.data ?? automation)
  return (
    <Builder
      key={`${automation.id} ${isInSandbox}`}
      automation={automation}
      base={base}
      saved={held.data}
      environment={environment}
      isInSandbox={isInSandbox}
    />
  )
}
