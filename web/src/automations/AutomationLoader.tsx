/** Reads the automation that the address names, and says so when there is none. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '../api/client'
import { queries } from '../api/queries'
import type { Automation } from '../api/types'
import { Failed, Loading } from '../components/Outcome'
import { NotFound } from '../frame/NotFound'

export function AutomationLoader({
  id,
  children,
}: {
  id: string
  children: (automation: Automation) => ReactNode
}) {
  const automation = useQuery(queries.automation(id))
  if (automation.data) return children(automation.data)
  if (automation.isPending) return <Loading label="The automation is loading" />
  if (automation.error instanceof ApiError && automation.error.status === 404) return <NotFound />
  return (
    <div className="page">
      <Failed what="The automation" error={automation.error} onRetry={() => void automation.refetch()} />
    </div>
  )
}
