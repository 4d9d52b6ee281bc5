import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { queries } from '../api/queries'
import { AutomationHeader } from '../automations/AutomationHeader'
import { AutomationLoader } from '../automations/AutomationLoader'
import { Moment } from '../components/Moment'
import { spoken } from '../model/phrase'
import { recordName } from '../model/runs'
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

/** Events that matched and started no run, with the reason. */
function SkippedStarts({ automation }: { automation: string }) {
  const skipped = useQuery(queries.skipped(automation))
  if (!skipped.data || skipped.data.length === 0) return null
  return (
    <details className="card" style={{ marginTop: 16, padding: '12px 16px', fontSize: 14 }}>
      <summary>
        {skipped.data.length === 1 ? '1 start was skipped' : `${skipped.data.length} starts were skipped`}
      </summary>
      <ul>
        {skipped.data.map((start) => (
          <li key={`${start.run_id} ${start.reason}`}>
            <Moment at={start.at} />: {spoken(start.reason)}
            {start.detail ? `, ${start.detail}` : ''}
            {start.record ? ` (${recordName(start.record)})` : ''}
          </li>
        ))}
      </ul>
    </details>
  )
}
