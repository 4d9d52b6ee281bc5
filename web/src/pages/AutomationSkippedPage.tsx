import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { AutomationHeader } from '../automations/AutomationHeader'
import { AutomationLoader } from '../automations/AutomationLoader'
import { SkippedView } from '../runs/SkippedView'

export function AutomationSkippedPage() {
  const { automationId } = useParams({ from: '/automations/$automationId/skipped' })
  const { reason } = useSearch({ from: '/automations/$automationId/skipped' })
  const navigate = useNavigate()
  return (
    <AutomationLoader id={automationId}>
      {(automation) => (
        <div className="automation-page">
          <AutomationHeader automation={automation} />
          <div className="page" style={{ width: '100%' }}>
            <SkippedView
              automation={automation}
              reason={reason}
              onReason={(next) =>
                void navigate({
                  to: '/automations/$automationId/skipped',
                  params: { automationId },
                  search: next === undefined ? {} : { reason: next },
                  replace: true,
                })
              }
            />
          </div>
        </div>
      )}
    </AutomationLoader>
  )
}
