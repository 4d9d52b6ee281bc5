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
            {versions.isError && <Failed what="The versions" error={versions.error} />}
            <ol className="versions" aria-label="Versions, newest first">
              {(versions.data ?? []).map((version, index, all) => (
                <VersionEntry
                  key={version.version}
                  version={version}
                  before={all[index + 1]}
                  isLive={automation.environments.live?.version === version.version}
                  isSandbox={automation.environments.sandbox?.version === version.version}
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
  version: Version
  before: Version | undefined
  isLive: boolean
  isSandbox: boolean
}

function VersionEntry({ version, before, isLive, isSandbox }: Props) {
  const document = openDocument(version.document ?? version)
  const differences = before ? differencesOf(openDocument(before.document ?? before), document) : []
  return (
    <li className="card version">
      <div className="version-head">
        <b>v{version.version}</b>
        {isLive && <StateBadge state="active" word="Live" />}
        {isSandbox && <StateBadge state="dry" word="In the sandbox" />}
        <span className="soft">
          <Moment at={version.created_at} />
          {version.created_by ? ` by ${version.created_by}` : ''}
        </span>
      </div>
      {differences.length === 0 ? (
        <p>
          <PhraseText phrase={automationPhrase(document)} />
        </p>
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
