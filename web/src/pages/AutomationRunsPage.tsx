import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { queries } from '../api/queries'
import { AutomationHeader } from '../automations/AutomationHeader'
import { AutomationLoader } from '../automations/AutomationLoader'
import { startCount } from '../model/skips'
import { RunsView } from '../runs/RunsView'

export function AutomationRunsPage() {
  const { automationId } = useParams({ from: '/automations/$automationId/runs' })
  const search = useSearch({ from: '/automations/$automationId/runs' })
  const navigate = useNavigate()
  return (
    <AutomationLoader id={automationId}>
      {(automation) => (
        <div className="automation-page">
          <AutomationHeader automation={automation} />
          <div className="page" style={{ width: '100%' }}>
            <RunsView
              automation={automationId}
              search={search}
              onSearch={(next) =>
                void navigate({
                  to: '/automations/$automationId/runs',
                  params: { automationId },
                  search: next,
                  replace: true,
                })
              }
            />
            <SkippedStarts automation={automationId} />
          </div>
        </div>
      )}
    </AutomationLoader>
  )
}

/** How many starts became no run, with the way to them. */
function SkippedStarts({ automation }: { automation: string }) {
  const counts = useQuery(queries.skippedCounts(automation))
  const number = counts.data?.reduce((sum, count) => sum + count.number, 0) ?? 0
  if (number === 0) return null
  return (
    <p className="soft" style={{ marginTop: 16, fontSize: 14 }}>
      <Link to="/automations/$automationId/skipped" params={{ automationId: automation }} search={{}}>
        {startCount(number)} {number === 1 ? 'was' : 'were'} skipped
      </Link>
      , and became no run.
    </p>
  )
}
