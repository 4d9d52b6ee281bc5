import { Title } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { RunsView } from '../runs/RunsView'

export function RunsPage() {
  const search = useSearch({ from: '/runs' })
  const navigate = useNavigate()
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <Title order={1}>Runs</Title>
          <p className="page-lead">Everything that automations did, are doing, and wait for. Newest first.</p>
        </div>
      </div>
      <RunsView
        search={search}
        onSearch={(next) => void navigate({ to: '/runs', search: next, replace: true })}
      />
    </div>
  )
}
