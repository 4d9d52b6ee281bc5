import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { queries } from '../api/queries'
import type { Version } from '../api/types'
import { AutomationHeader } from '../automations/AutomationHeader'
import { AutomationLoader } from '../automations/AutomationLoader'
import { Moment } from '../components/Moment'
import { Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import { differencesOf } from '../model/differences'
import { openDocument } from '../model/document'
import { automationPhrase } from '../model/sentences'
import './versions.css'

export function AutomationVersionsPage() {
  const { automationId } = useParams({ from: '/automations/$automationId/versions' })
  const versions = useQuery(queries.versions(automationId))
  return (
    <AutomationLoader id={automationId}>
      {(automation) => (
        <div className="automation-page">
          <AutomationHeader automation={automation} />
          <div className="page" style={{ width: '100%' }}>
            {versions.isPending && <Loading label="Versions are loading" />}
            {versions.isError && (
              <Failed what="The versions" error={versions.error} onRetry={() => void versions.refetch()} />
            )}
            <ol className="versions" aria-label="Versions, newest first">
              {(versions.data ?? []).map((version, index, all) => (
                <VersionEntry
                  key={version.version}
                  automation={automationId}
                  version={version}
                  before={all[index + 1]?.version}
                />
              ))}
            </ol>
          </div>
        </div>
      )}
    </AutomationLoader>
  )
}

interface Props {
  automation: string
  version: Version
  before: number | undefined
}

function VersionEntry({ automation, version, before }: Props) {
  const shown = useQuery(queries.version(automation, version.version))
  const earlier = useQuery({ ...queries.version(automation, before ?? 0), enabled: before !== undefined })
  const document = shown.data && openDocument(shown.data)
  const differences = document && earlier.data ? differencesOf(openDocument(earlier.data), document) : []
  return (
    <li className="card version">
      <div className="version-head">
        <b>v{version.version}</b>
        {version.is_live && <StateBadge state="active" word="Live" />}
        {version.is_sandbox && <StateBadge state="dry" word="In the sandbox" />}
        <span className="soft">
          <Moment at={version.created_at} />
          {` by ${version.created_by}`}
        </span>
      </div>
      {differences.length === 0 ? (
        <p>{document && <PhraseText phrase={automationPhrase(document)} />}</p>
      ) : (
        <ul>
          {differences.map((difference, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the sentences have no other identity
            <li key={index}>
              <PhraseText phrase={difference} />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
