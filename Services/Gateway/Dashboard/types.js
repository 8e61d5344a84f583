/**
 * What the API sends, as `Shared/Contracts` declares it.
 *
 * @typedef {"icmp" | "udp" | "stamp" | "tcp" | "tls" | "http" | "dns" | "trace" | "mtu" | "host"} CheckType
 * @typedef {"success" | "timeout" | "error"} Status
 *
 * @typedef {"viewer" | "editor" | "admin"} Role
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} email
 * @property {string} tenant
 * @property {Role} role
 * @property {boolean} operator Whether they run the installation.
 *
 * @typedef {object} Membership
 * @property {string} tenant
 * @property {string} name
 * @property {Role} role
 *
 * @typedef {object} TokenPair
 * @property {string} access_token
 * @property {number} expires_in Seconds.
 * @property {string} refresh_token
 *
 * @typedef {object} Target
 * @property {string} id
 * @property {string} name
 * @property {string} address
 * @property {string} description
 * @property {string} category
 * @property {Record<string, string>} labels
 * @property {boolean} enabled
 * @property {"mesh" | "kubernetes"} [managed_by] What keeps it as it is; nobody else may change it.
 * @property {string} created_at
 * @property {string} updated_at
 *
 * @typedef {Record<string, string | number | boolean | number[] | string[] | Record<string, string>>} CheckOptions
 *
 * @typedef {object} NewCheck
 * @property {CheckType} type
 * @property {number} [interval_ms]
 * @property {number} [timeout_ms]
 * @property {CheckOptions} [options]
 *
 * @typedef {object} NewTarget
 * @property {string} address
 * @property {string} [name]
 * @property {string} [category]
 * @property {NewCheck[]} checks
 *
 * @typedef {object} Check
 * @property {string} id
 * @property {string} target_id
 * @property {CheckType} type
 * @property {number} interval_ms
 * @property {number} timeout_ms
 * @property {CheckOptions} options
 * @property {boolean} enabled
 * @property {boolean} [active] Whether its schedule says that it runs now.
 * @property {string} created_at
 *
 * @typedef {object} Agent
 * @property {string} id
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} labels
 * @property {"online" | "offline"} state
 * @property {string} registered_at
 * @property {string} last_seen_at
 *
 * @typedef {object} Measurement
 * @property {string} id
 * @property {string} timestamp
 * @property {string} target
 * @property {CheckType} type
 * @property {number} [latency_ms]
 * @property {Status} status
 * @property {unknown} metadata
 * @property {string} origin
 * @property {string} target_id
 * @property {string} check_id
 * @property {string} agent_id
 * @property {string} [endpoint]
 * @property {number} sent
 * @property {number} received
 * @property {string} [reason]
 *
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} failures
 * @property {number} throughput Measurements a second.
 * @property {number} error_rate From 0 to 1.
 * @property {number} [loss] Of what was sent, from 0 to 1; left out when nothing was.
 * @property {number} [mean_ms]
 * @property {number} [min_ms]
 * @property {number} [max_ms]
 * @property {number} [p50_ms]
 * @property {number} [p95_ms]
 * @property {number} [p99_ms]
 *
 * @typedef {object} SummaryReport
 * @property {string} from
 * @property {string} to
 * @property {Summary} overall
 * @property {{target_id: string, summary: Summary}[]} targets
 *
 * @typedef {object} TimelineSeries
 * @property {string} check_id
 * @property {string} agent_id
 * @property {string} type
 * @property {string} origin
 * @property {string} [endpoint]
 * @property {number[]} count
 * @property {number[]} failures
 * @property {number[]} sent
 * @property {number[]} received
 * @property {(number | null)[]} min_ms
 * @property {(number | null)[]} mean_ms
 * @property {(number | null)[]} max_ms
 *
 * @typedef {object} Timeline
 * @property {string} from
 * @property {string} to
 * @property {number} step_ms
 * @property {TimelineSeries[]} series
 *
 * @typedef {object} Gap
 * @property {string} id
 * @property {string} agent_id
 * @property {string} from
 * @property {string} to
 * @property {number} rows
 * @property {"spool_full" | "spool_failed" | "corrupt" | "refused"} cause
 *
 * @typedef {object} Incident
 * @property {string} id
 * @property {string} rule_name
 * @property {"info" | "warning" | "critical"} severity
 * @property {string} target_id
 * @property {string} target_name
 * @property {string} check_id
 * @property {CheckType} check_type
 * @property {string} agent_id
 * @property {"firing" | "resolved"} state
 * @property {string} cause
 * @property {string} started_at
 * @property {string} [ended_at]
 * @property {number} duration_ms
 * @property {string} [silenced_until]
 *
 * @typedef {object} IncidentPage
 * @property {Incident[]} incidents
 * @property {string} [next_cursor]
 *
 * @typedef {object} NamedSession A span of time with a name.
 * @property {string} id
 * @property {string} name
 * @property {string} from
 * @property {string} [to] Left out while it goes on.
 * @property {string} note
 * @property {string[]} target_ids All, when empty.
 * @property {CheckType[]} types All, when empty.
 * @property {string} created_by
 *
 * @typedef {object} NamedSessionPage
 * @property {NamedSession[]} sessions
 * @property {string} [next_cursor]
 *
 * @typedef {object} MeasurementEvent What `stream.measurements` carries.
 * @property {number} cursor
 * @property {MeasurementBatch} batch
 *
 * @typedef {object} MeasurementBatch Row `i` is element `i` of every column.
 * @property {string} agent_id
 * @property {string} origin
 * @property {{check_id: string, target_id: string, target: string, type: CheckType, endpoint?: string}[]} series
 * @property {MeasurementColumns} columns
 *
 * @typedef {object} MeasurementColumns
 * @property {number[]} series Indices into the batch's series.
 * @property {string[]} id
 * @property {number[]} timestamp Microseconds since 1970.
 * @property {(number | null)[]} latency_ms
 * @property {number[]} status
 * @property {number[]} reason
 * @property {number[]} sent
 * @property {number[]} received
 * @property {unknown[]} metadata
 */

/**
 * One measurement, from whichever way it came.
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {number} time Milliseconds since 1970.
 * @property {string} checkID
 * @property {string} targetID
 * @property {string} agentID
 * @property {string} origin
 * @property {string} endpoint Which part of the target; empty when none are told apart.
 * @property {CheckType} type
 * @property {Status} status
 * @property {number | null} latency Milliseconds.
 * @property {number} sent
 * @property {number} received
 * @property {string | null} reason
 * @property {unknown} metadata
 */

export {};
