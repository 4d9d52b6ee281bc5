import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Empty } from '../components/Outcome'

export function NotFound() {
  return (
    <Empty title="There is nothing at this address" isWholePage>
      <p>The link may be old, or a letter of it may be missing.</p>
      <Button component={Link} to="/automations" variant="default">
        Go to the automations
      </Button>
    </Empty>
  )
}
