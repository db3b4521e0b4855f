/** Made from the OpenAPI document by `npm run client:types`: change the endpoints, not this file. */

/** Where each call is: its method, its path, and `once` where the same key twice does it once. */
export const CALLS = {
  acceptTools: ["post", "/api/v1/actions/tools", "once"],
  approveExecution: ["post", "/api/v1/actions/executions/{id}/approve", "once"],
  cancelRun: ["post", "/api/v1/runs/{id}/cancel", "once"],
  compareAudit: ["post", "/api/v1/audit/verification", "once"],
  createKey: ["post", "/api/v1/keys"],
  decide: ["post", "/api/v1/actions/approvals/{id}/decide", "once"],
  decideBatch: ["post", "/api/v1/actions/approvals/batch", "once"],
  editPlan: ["put", "/api/v1/runs/{id}/plan", "once"],
  endDelegation: ["delete", "/api/v1/delegations/{person}", "once"],
  explain: ["get", "/api/v1/explanations/{id}"],
  exportAudit: ["get", "/api/v1/audit/export"],
  forget: ["post", "/api/v1/forget", "once"],
  getApproval: ["get", "/api/v1/actions/approvals/{id}"],
  getAuditHead: ["get", "/api/v1/audit/head"],
  getDefinition: ["get", "/api/v1/actions/definitions/{name}"],
  getExecution: ["get", "/api/v1/actions/executions/{id}"],
  getMetrics: ["get", "/metrics"],
  getPlan: ["get", "/api/v1/runs/{id}/plan"],
  getRecord: ["get", "/api/v1/runs/{id}/record"],
  getRun: ["get", "/api/v1/runs/{id}"],
  getSettings: ["get", "/api/v1/actions/settings"],
  getStats: ["get", "/api/v1/stats"],
  health: ["get", "/health"],
  listApprovals: ["get", "/api/v1/actions/approvals"],
  listAudit: ["get", "/api/v1/audit"],
  listDefinitions: ["get", "/api/v1/actions/definitions"],
  listDelegations: ["get", "/api/v1/delegations"],
  listExecutions: ["get", "/api/v1/actions/executions"],
  listKeys: ["get", "/api/v1/keys"],
  listMembers: ["get", "/api/v1/members"],
  listNotices: ["get", "/api/v1/notices"],
  listPlaybooks: ["get", "/api/v1/playbooks"],
  listRuns: ["get", "/api/v1/runs"],
  listTools: ["get", "/api/v1/actions/tools"],
  maintain: ["post", "/api/v1/maintenance", "once"],
  matchRequest: ["post", "/api/v1/playbooks/match", "once"],
  patchSettings: ["patch", "/api/v1/actions/settings", "once"],
  putSettings: ["put", "/api/v1/actions/settings", "once"],
  ready: ["get", "/ready"],
  recover: ["post", "/api/v1/runs/recover", "once"],
  rejectExecution: ["post", "/api/v1/actions/executions/{id}/reject", "once"],
  removeMember: ["delete", "/api/v1/members/{person}", "once"],
  reseed: ["post", "/api/v1/store/reseed", "once"],
  resumeRun: ["post", "/api/v1/runs/{id}/resume", "once"],
  revokeKey: ["delete", "/api/v1/keys/{key}", "once"],
  rollBackExecution: ["post", "/api/v1/actions/executions/{id}/rollback", "once"],
  rollBackRun: ["post", "/api/v1/runs/{id}/rollback", "once"],
  rotateKey: ["post", "/api/v1/keys/{key}/rotate"],
  setDelegation: ["put", "/api/v1/delegations/{person}", "once"],
  setMember: ["put", "/api/v1/members/{person}", "once"],
  startRun: ["post", "/api/v1/runs", "once"],
  streamRun: ["get", "/api/v1/runs/{id}/events"],
  testPolicy: ["post", "/api/v1/policy/test", "once"],
  verifyAudit: ["get", "/api/v1/audit/verification"],
  whoAmI: ["get", "/api/v1/me"],
} as const;

export interface components {
  schemas: {
    Accept: {
      /** @description Default: all. */
      name?: string;
    };
    AcceptedTools: {
      accepted: {
        [key: string]: unknown;
      }[];
    } & {
      [key: string]: unknown;
    };
    Anchor: {
      at: string;
      hash: string;
      seq: number;
      tenant: string;
    };
    Anchors: {
      anchors: components["schemas"]["Anchor"][];
    };
    Approval: {
      actions: {
        action: string;
        args: {
          [key: string]: unknown;
        };
        impact: {
          amount?: number;
          durationMs: number;
          /** @enum {string} */
          level: "low" | "medium" | "high" | "critical";
          outside?: string[];
          resources: string[];
          reversible: boolean;
        };
        step: string;
        title: string;
      }[];
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      digest: string;
      expiresAt: string | null;
      findings: {
        clearable?: boolean;
        reason: string;
        requires?: {
          count: number;
          /** @enum {string} */
          role: "operator" | "approver" | "admin";
        };
        rule: string;
        step?: string;
        /** @enum {string} */
        verdict: "allow" | "escalate" | "deny";
      }[];
      impact: {
        amount?: number;
        durationMs: number;
        /** @enum {string} */
        level: "low" | "medium" | "high" | "critical";
        outside?: string[];
        resources: string[];
        reversible: boolean;
      };
      /** @enum {string} */
      kind: "transaction" | "reconciliation" | "plan";
      proposalId: string;
      requester: string;
      review: {
        /** @default [] */
        actions?: {
          reason: string;
          step: string;
          /** @enum {string} */
          verdict: "allow" | "escalate" | "deny";
        }[];
        reasons: string[];
        /** @default null */
        saferWay?: string | null;
        /** @enum {string} */
        verdict: "allow" | "escalate" | "deny" | "unavailable";
      } | null;
      runId: string;
      threadId: string;
    };
    ApprovalPage: {
      items: components["schemas"]["Approval"][];
      /** @description The cursor of the next page; null after the last one. */
      next: string | null;
    };
    ApprovalView: {
      decision: {
        actions: {
          edit?: {
            action: string;
            after: {
              [key: string]: unknown;
            };
            before: {
              [key: string]: unknown;
            };
            planned: {
              [key: string]: unknown;
            };
          };
          reason: string | null;
          step: string;
          /** @enum {string} */
          verdict:
            | "approved"
            | "rejected"
            | "edited"
            | "kept"
            | "happened"
            | "not_happened"
            | "look_again"
            | "sent_back";
        }[];
        decidedAt: string;
        /** @enum {string} */
        decider: "person" | "policy" | "system";
        digest: string;
        onBehalfOf?: string | null;
        principal: string;
        proposalId: string;
        reason: string | null;
        /** @enum {string|null} */
        role?: "viewer" | "operator" | "approver" | "admin" | null;
        settingsVersion?: number | null;
        /** @enum {string} */
        verdict:
          | "approved"
          | "partly_approved"
          | "edited"
          | "rejected"
          | "cancelled"
          | "superseded"
          | "expired"
          | "reconciled"
          | "sent_back";
      } | null;
      proposal: {
        actions: {
          action: string;
          args: {
            [key: string]: unknown;
          };
          changes: {
            after: {
              [key: string]: string | number | boolean | null;
            } | null;
            before: {
              [key: string]: string | number | boolean | null;
            } | null;
            key: string;
            table: string;
          }[];
          confidence?: number;
          dependsOn: string[];
          /** @default null */
          edited?: {
            before: {
              [key: string]: unknown;
            };
            by: string[];
          } | null;
          fingerprint?: string;
          impact: {
            amount?: number;
            durationMs: number;
            /** @enum {string} */
            level: "low" | "medium" | "high" | "critical";
            outside?: string[];
            resources: string[];
            reversible: boolean;
          };
          /** @enum {boolean} */
          optional?: true;
          repeats?: string;
          /** @enum {string} */
          reversibility: "reversible" | "compensatable" | "irreversible";
          step: string;
          title: string;
          untrusted?: string[];
          version: number;
        }[];
        createdAt: string;
        digest: string;
        /** @default null */
        expiresAt?: string | null;
        failure: {
          message: string;
          /** @enum {string} */
          status: "no_match" | "insufficient_stock" | "invalid_request" | "failed";
        } | null;
        findings: {
          clearable?: boolean;
          reason: string;
          requires?: {
            count: number;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
          rule: string;
          step?: string;
          /** @enum {string} */
          verdict: "allow" | "escalate" | "deny";
        }[];
        id: string;
        impact: {
          amount?: number;
          durationMs: number;
          /** @enum {string} */
          level: "low" | "medium" | "high" | "critical";
          outside?: string[];
          resources: string[];
          reversible: boolean;
        };
        /** @enum {string} */
        kind: "transaction" | "reconciliation" | "plan";
        number: number;
        review: {
          /** @default [] */
          actions?: {
            reason: string;
            step: string;
            /** @enum {string} */
            verdict: "allow" | "escalate" | "deny";
          }[];
          reasons: string[];
          /** @default null */
          saferWay?: string | null;
          /** @enum {string} */
          verdict: "allow" | "escalate" | "deny" | "unavailable";
        } | null;
        /** @default 0 */
        revision?: number;
        runId: string;
        /** @enum {string} */
        status:
          | "pending"
          | "approved"
          | "rejected"
          | "expired"
          | "denied"
          | "edited"
          | "superseded"
          | "stale"
          | "accepted"
          | "sent_back"
          | "committed"
          | "rolled_back"
          | "uncertain";
      };
      question: components["schemas"]["Question"];
      threadId: string;
    };
    AuditCheck: {
      entries: number;
      fault:
        | ({
            message: string;
          } & {
            [key: string]: unknown;
          })
        | null;
      removed: number;
    } & {
      [key: string]: unknown;
    };
    AuditEntry: {
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      at: string;
      data: {
        [key: string]: unknown;
      };
      event: string;
      hash: string;
      principal: string;
      runId: string | null;
      seq: number;
    };
    AuditPage: {
      items: components["schemas"]["AuditEntry"][];
      next: number | null;
    };
    Batch: {
      decisions: {
        /** @description An answer in any of the formats of docs/server.md: Holdpoint's own, LangChain's, or Agent Inbox's. */
        answer?: unknown;
        /** @description Of the proposal as it was seen; another one is refused. */
        digest: string;
        proposalId: string;
      }[];
    };
    BatchResult: {
      results: {
        problem:
          | ({
              code: string;
            } & {
              [key: string]: unknown;
            })
          | null;
        proposalId: string;
        thread: components["schemas"]["Thread"] & (Record<string, never> | null);
      }[];
    };
    Caller: {
      principal: string;
      tenant: string;
    };
    Cancel: {
      reason?: string;
      /**
       * @description Undo what was committed before, too; otherwise it stays.
       * @default false
       */
      rollback?: boolean;
    };
    Definition: {
      description: string;
      /** @enum {string} */
      kind: "read" | "write";
      name: string;
      title: string;
      version: number;
    } & {
      [key: string]: unknown;
    };
    Definitions: {
      definitions: components["schemas"]["Definition"][];
    };
    Delegation: {
      /**
       * Format: date-time
       * @description ISO 8601, such as 2026-01-31T18:00:00Z.
       */
      until: string;
    };
    Delegations: {
      delegations: {
        /**
         * Format: date-time
         * @description ISO 8601, UTC.
         */
        createdAt: string;
        delegate: string;
        delegator: string;
        /**
         * Format: date-time
         * @description ISO 8601, UTC.
         */
        until: string;
      }[];
    };
    EditedPlan: {
      assumptions?: string[];
      goal: string;
      reason?: string;
      risks?: string[];
      steps: {
        action: string;
        args: {
          [key: string]: unknown;
        };
        confidence?: number;
        /** @default [] */
        dependsOn?: string[];
        id: string;
        /** Format: date-time */
        notBefore?: string;
        /** @enum {string} */
        onFailure?: "retry" | "skip" | "replan" | "stop";
        /** @enum {boolean} */
        repeat?: true;
        success?: {
          check?: string;
          criteria?: string;
        };
        timeoutMs?: number;
        title: string;
        /** @enum {boolean} */
        untrusted?: true;
        weight?: number;
        when?: string;
      }[];
    };
    Execution: {
      action: string;
      args: {
        [key: string]: unknown;
      };
      attempts: number;
      confidence: number | null;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      decision: {
        /**
         * Format: date-time
         * @description ISO 8601, UTC.
         */
        at: string;
        /** @enum {string} */
        decider: "person" | "policy" | "system";
        onBehalfOf: string | null;
        principal: string;
        reason: string | null;
        verdict: string;
      } | null;
      /** @description How long its last call took. */
      durationMs: number | null;
      /**
       * Format: date-time
       * @description When it was begun.
       */
      executedAt: string | null;
      expiresAt: string | null;
      /** @description The proposal's id and the step, with a colon between. */
      id: string;
      impact: {
        amount?: number;
        durationMs: number;
        /** @enum {string} */
        level: "low" | "medium" | "high" | "critical";
        outside?: string[];
        resources: string[];
        reversible: boolean;
      };
      note: string | null;
      output?: unknown;
      proposalId: string;
      /** @description Why a person was asked, or why it was denied. */
      reasons: string[];
      requester: string;
      /** @enum {string} */
      reversibility: "reversible" | "compensatable" | "irreversible";
      runId: string;
      /** @enum {string} */
      status:
        | "pending"
        | "approved"
        | "rejected"
        | "expired"
        | "denied"
        | "edited"
        | "superseded"
        | "stale"
        | "intended"
        | "executing"
        | "succeeded"
        | "failed"
        | "uncertain"
        | "undoing"
        | "undone"
        | "undo_failed";
      step: string;
      threadId: string;
      title: string;
      version: number;
    };
    ExecutionPage: {
      items: components["schemas"]["Execution"][];
      /** @description The cursor of the next page; null after the last one. */
      next: string | null;
    };
    ExecutionRollback: components["schemas"]["Rollback"] & {
      /**
       * @description Undo all that its run did; needed where that is more than this one.
       * @default false
       */
      together?: boolean;
    };
    Explanation: {
      [key: string]: unknown;
    };
    Forget:
      | {
          thread: string;
        }
      | {
          person: string;
        }
      | {
          /** @enum {boolean} */
          all: true;
        };
    Forgotten: {
      decisions: number;
      runs: number;
      threads: string[];
    } & {
      [key: string]: unknown;
    };
    Key: {
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      expiresAt: string | null;
      id: string;
      lastUsedAt: string | null;
      name: string;
      principal: string;
      revokedAt: string | null;
      /** @enum {string} */
      role: "viewer" | "operator" | "approver" | "admin";
      scopes: string[] | null;
    } & {
      [key: string]: unknown;
    };
    Keys: {
      keys: components["schemas"]["Key"][];
    };
    Maintenance: {
      at: string;
      done: {
        [key: string]: unknown;
      }[];
      failures: {
        [key: string]: unknown;
      }[];
    } & {
      [key: string]: unknown;
    };
    MatchRequest: {
      request: string;
    };
    Member: {
      /** @enum {string} */
      role: "viewer" | "operator" | "approver" | "admin";
    };
    Members: {
      members: {
        principal: string;
        /** @enum {string} */
        role: "viewer" | "operator" | "approver" | "admin";
      }[];
    };
    NewKey: {
      /**
       * Format: date-time
       * @description ISO 8601, such as 2026-01-31T18:00:00Z.
       */
      expiresAt?: string;
      name: string;
      /** @description As whom it acts. Default: its name. */
      principal?: string;
      /** @enum {string} */
      role: "viewer" | "operator" | "approver" | "admin";
      /** @description The only operations that it is for; see docs/policy.md. */
      scopes?: string[];
    };
    NewRun: {
      /** @description What you want done, in plain words. */
      request: string;
      /** @description Go on in this thread; a request that waits there is superseded. */
      thread?: string;
    };
    Notices: {
      notices: ({
        id: string;
        kind: string;
      } & {
        [key: string]: unknown;
      })[];
    };
    PlanView: {
      /** @description Whether it waits for a person, who may change it. */
      editable: boolean;
      findings: {
        clearable?: boolean;
        reason: string;
        requires?: {
          count: number;
          /** @enum {string} */
          role: "operator" | "approver" | "admin";
        };
        rule: string;
        step?: string;
        /** @enum {string} */
        verdict: "allow" | "escalate" | "deny";
      }[];
      /** @description Of the revision. */
      number: number;
      plan: {
        assumptions?: string[];
        goal: string;
        risks?: string[];
        source: {
          /** @enum {string} */
          chosenBy?: "model";
          expands?: string;
          /** @enum {string} */
          kind: "playbook" | "model" | "program" | "edited";
          name?: string;
          program?: number;
          why?: string;
        };
        steps: {
          action: string;
          args: {
            [key: string]: unknown;
          };
          confidence?: number;
          /** @default [] */
          dependsOn?: string[];
          id: string;
          /** Format: date-time */
          notBefore?: string;
          /** @enum {string} */
          onFailure?: "retry" | "skip" | "replan" | "stop";
          /** @enum {boolean} */
          repeat?: true;
          success?: {
            check?: string;
            criteria?: string;
          };
          timeoutMs?: number;
          title: string;
          /** @enum {boolean} */
          untrusted?: true;
          weight?: number;
          when?: string;
        }[];
      };
      runId: string;
      threadId: string;
      verdict: string | null;
    };
    Playbook: {
      description?: string;
      /** @description Requests that it takes. */
      examples: string[];
      /** @description Where it comes from, for people. */
      from: string;
      name: string;
      parameters: string[];
      title: string;
    };
    PlaybookResult: {
      kind: string;
    } & {
      [key: string]: unknown;
    };
    Playbooks: {
      playbooks: components["schemas"]["Playbook"][];
      whatCanBeAsked: string[];
    };
    PolicyCases: {
      /** @description A file of cases, YAML; see docs/policy.md. */
      cases: string;
      /**
       * @description What the file is called in errors.
       * @default cases.yaml
       */
      path?: string;
    };
    PolicyResults: {
      results: {
        [key: string]: unknown;
      }[];
    };
    Problem: {
      /** @enum {string} */
      code:
        | "usage"
        | "invalid_request"
        | "unauthenticated"
        | "denied"
        | "unknown_thread"
        | "not_found"
        | "method_not_allowed"
        | "not_paused"
        | "decision_taken"
        | "busy"
        | "in_progress"
        | "decide_together"
        | "nothing_to_undo"
        | "rolls_back_together"
        | "stale"
        | "too_large"
        | "unsupported_media_type"
        | "key_reused"
        | "precondition_required"
        | "too_many_requests"
        | "internal"
        | "action_failed"
        | "stopped"
        | "storage";
      /** @description What is wrong with this request. */
      detail: string;
      /** @description What does not fit, and where. */
      errors?: {
        message: string;
        where: string;
      }[];
      /** @description The way on. */
      hint?: string;
      /** @description The id of the request, which the server's log has, too. */
      instance: string;
      status: number;
      title: string;
      /** @description urn:holdpoint:problem:<code> */
      type: string;
    };
    /** @description What a person is asked, while one is awaited. */
    Question:
      | ({
          actions: ({
            action: string;
            args: {
              [key: string]: unknown;
            };
            step: string;
            title: string;
          } & {
            [key: string]: unknown;
          })[];
          digest: string;
          expiresAt: string | null;
          impact: {
            amount?: number;
            durationMs: number;
            /** @enum {string} */
            level: "low" | "medium" | "high" | "critical";
            outside?: string[];
            resources: string[];
            reversible: boolean;
          };
          /** @enum {string} */
          kind: "transaction" | "reconciliation" | "plan";
          notices: string[];
          pointOfNoReturn: string | null;
          proposalId: string;
          reasons: string[];
          request: string;
          requester: string;
          review: {
            /** @default [] */
            actions?: {
              reason: string;
              step: string;
              /** @enum {string} */
              verdict: "allow" | "escalate" | "deny";
            }[];
            reasons: string[];
            /** @default null */
            saferWay?: string | null;
            /** @enum {string} */
            verdict: "allow" | "escalate" | "deny" | "unavailable";
          } | null;
          runId: string;
        } & {
          [key: string]: unknown;
        })
      | null;
    Reason: {
      reason?: string;
    };
    Record: {
      decisions: {
        actions: {
          edit?: {
            action: string;
            after: {
              [key: string]: unknown;
            };
            before: {
              [key: string]: unknown;
            };
            planned: {
              [key: string]: unknown;
            };
          };
          reason: string | null;
          step: string;
          /** @enum {string} */
          verdict:
            | "approved"
            | "rejected"
            | "edited"
            | "kept"
            | "happened"
            | "not_happened"
            | "look_again"
            | "sent_back";
        }[];
        decidedAt: string;
        /** @enum {string} */
        decider: "person" | "policy" | "system";
        digest: string;
        onBehalfOf?: string | null;
        principal: string;
        proposalId: string;
        reason: string | null;
        /** @enum {string|null} */
        role?: "viewer" | "operator" | "approver" | "admin" | null;
        settingsVersion?: number | null;
        /** @enum {string} */
        verdict:
          | "approved"
          | "partly_approved"
          | "edited"
          | "rejected"
          | "cancelled"
          | "superseded"
          | "expired"
          | "reconciled"
          | "sent_back";
      }[];
      proposals: {
        actions: {
          action: string;
          args: {
            [key: string]: unknown;
          };
          changes: {
            after: {
              [key: string]: string | number | boolean | null;
            } | null;
            before: {
              [key: string]: string | number | boolean | null;
            } | null;
            key: string;
            table: string;
          }[];
          confidence?: number;
          dependsOn: string[];
          /** @default null */
          edited?: {
            before: {
              [key: string]: unknown;
            };
            by: string[];
          } | null;
          fingerprint?: string;
          impact: {
            amount?: number;
            durationMs: number;
            /** @enum {string} */
            level: "low" | "medium" | "high" | "critical";
            outside?: string[];
            resources: string[];
            reversible: boolean;
          };
          /** @enum {boolean} */
          optional?: true;
          repeats?: string;
          /** @enum {string} */
          reversibility: "reversible" | "compensatable" | "irreversible";
          step: string;
          title: string;
          untrusted?: string[];
          version: number;
        }[];
        createdAt: string;
        digest: string;
        /** @default null */
        expiresAt?: string | null;
        failure: {
          message: string;
          /** @enum {string} */
          status: "no_match" | "insufficient_stock" | "invalid_request" | "failed";
        } | null;
        findings: {
          clearable?: boolean;
          reason: string;
          requires?: {
            count: number;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
          rule: string;
          step?: string;
          /** @enum {string} */
          verdict: "allow" | "escalate" | "deny";
        }[];
        id: string;
        impact: {
          amount?: number;
          durationMs: number;
          /** @enum {string} */
          level: "low" | "medium" | "high" | "critical";
          outside?: string[];
          resources: string[];
          reversible: boolean;
        };
        /** @enum {string} */
        kind: "transaction" | "reconciliation" | "plan";
        number: number;
        review: {
          /** @default [] */
          actions?: {
            reason: string;
            step: string;
            /** @enum {string} */
            verdict: "allow" | "escalate" | "deny";
          }[];
          reasons: string[];
          /** @default null */
          saferWay?: string | null;
          /** @enum {string} */
          verdict: "allow" | "escalate" | "deny" | "unavailable";
        } | null;
        /** @default 0 */
        revision?: number;
        runId: string;
        /** @enum {string} */
        status:
          | "pending"
          | "approved"
          | "rejected"
          | "expired"
          | "denied"
          | "edited"
          | "superseded"
          | "stale"
          | "accepted"
          | "sent_back"
          | "committed"
          | "rolled_back"
          | "uncertain";
      }[];
      revisions: ({
        number: number;
      } & {
        [key: string]: unknown;
      })[];
    } & {
      [key: string]: unknown;
    };
    Recovered: {
      recovered: ({
        outcome: string;
        threadId: string;
      } & {
        [key: string]: unknown;
      })[];
    };
    Reject: {
      /** @description Why; whoever asked reads it. */
      reason: string;
    };
    Resume: {
      /** @description An answer in any of the formats of docs/server.md: Holdpoint's own, LangChain's, or Agent Inbox's. */
      answer?: unknown;
    };
    RevokedKey: {
      key: components["schemas"]["Key"];
    };
    Rollback: {
      /**
       * @description Also where others have changed since what it changed.
       * @default false
       */
      anyway?: boolean;
      reason?: string;
    };
    RollbackReport: {
      /** @enum {string} */
      kind: "rolled_back" | "moved_on";
    } & {
      [key: string]: unknown;
    };
    Rotate: {
      /**
       * @description End the one before at once.
       * @default false
       */
      now?: boolean;
    };
    Run: {
      /** @description How it ended. */
      answer: {
        details: string[];
        /** @enum {string} */
        status:
          | "success"
          | "no_match"
          | "insufficient_stock"
          | "invalid_request"
          | "unsupported_intent"
          | "denied"
          | "rejected"
          | "cancelled"
          | "superseded"
          | "expired"
          | "failed"
          | "uncertain";
        tables?: {
          rows: {
            after: {
              [key: string]: string | number | boolean | null;
            } | null;
            before: {
              [key: string]: string | number | boolean | null;
            } | null;
            key: string;
          }[];
          table: string;
        }[];
        text: string;
      } | null;
      /** @description That it is to end early. */
      cancellation: {
        by: string;
        reason: string | null;
        report:
          | {
              effects: {
                action: string;
                note: string;
                /** @enum {string} */
                status: "undone" | "undo_failed" | "not_undone" | "kept";
                step: string;
              }[];
              /** @enum {string} */
              kind: "rolled_back";
            }
          | {
              /** @enum {string} */
              kind: "moved_on";
              since: string[];
            }
          | null;
        rollback: boolean;
      } | null;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      forgottenAt?: string;
      id: string;
      idleMs: number;
      idleSince: string | null;
      /** @description Why it does not go on, when nobody is asked to decide. */
      pause: {
        reason: string;
        until: string | null;
        /** @enum {string} */
        why: "model" | "receiver" | "time";
      } | null;
      refusal?: string;
      request: string;
      requester: string;
      /** @description That what it did is being undone. */
      rollback: {
        anyway: boolean;
        by: string;
        reason: string | null;
      } | null;
      /** @enum {string} */
      status: "running" | "waiting" | "paused" | "ended";
      tenant: string;
      threadId: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      updatedAt: string;
    };
    RunPage: {
      items: components["schemas"]["Run"][];
      /** @description The cursor of the next page; null after the last one. */
      next: string | null;
    };
    Secret: {
      key: components["schemas"]["Key"];
      /** @description Shown this once. */
      secret: string;
    };
    Settings: {
      settings: {
        /** @default 50 */
        actionsPerDay?: number;
        /** @default 10 */
        actionsPerHour?: number;
        /** @default null */
        allowedActions?: string[] | null;
        /** @default [] */
        allowedHosts?: string[];
        /** @default true */
        approvalRequired?: boolean;
        /**
         * @default {
         *       "low": {
         *         "role": "operator",
         *         "people": 1,
         *         "requesterMay": true,
         *         "expiresMinutes": null
         *       },
         *       "medium": {
         *         "role": "approver",
         *         "people": 1,
         *         "requesterMay": true,
         *         "expiresMinutes": null
         *       },
         *       "high": {
         *         "role": "approver",
         *         "people": 1,
         *         "requesterMay": true,
         *         "expiresMinutes": null
         *       },
         *       "critical": {
         *         "role": "approver",
         *         "people": 2,
         *         "requesterMay": false,
         *         "expiresMinutes": null
         *       }
         *     }
         */
        approvals?: {
          /**
           * @default {
           *       "role": "approver",
           *       "people": 2,
           *       "requesterMay": false,
           *       "expiresMinutes": null
           *     }
           */
          critical?: {
            expiresMinutes: number | null;
            people: number;
            requesterMay: boolean;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
          /**
           * @default {
           *       "role": "approver",
           *       "people": 1,
           *       "requesterMay": true,
           *       "expiresMinutes": null
           *     }
           */
          high?: {
            expiresMinutes: number | null;
            people: number;
            requesterMay: boolean;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
          /**
           * @default {
           *       "role": "operator",
           *       "people": 1,
           *       "requesterMay": true,
           *       "expiresMinutes": null
           *     }
           */
          low?: {
            expiresMinutes: number | null;
            people: number;
            requesterMay: boolean;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
          /**
           * @default {
           *       "role": "approver",
           *       "people": 1,
           *       "requesterMay": true,
           *       "expiresMinutes": null
           *     }
           */
          medium?: {
            expiresMinutes: number | null;
            people: number;
            requesterMay: boolean;
            /** @enum {string} */
            role: "operator" | "approver" | "admin";
          };
        };
        /** @default false */
        automation?: boolean;
        /** @default null */
        budgetPerDay?: number | null;
        /** @default null */
        budgetPerRun?: number | null;
        /** @default 0 */
        canaryShare?: number;
        /** @default 0.9 */
        confidenceThreshold?: number;
        /** @default null */
        keepAuditDays?: number | null;
        /** @default null */
        keepCheckpointsDays?: number | null;
        /** @default 100000 */
        largeAmount?: number;
        /** @default 60 */
        longMinutes?: number;
        /** @default 20 */
        manyResources?: number;
        /** @default 20 */
        manyRows?: number;
        /** @default 10 */
        maxExpansions?: number;
        /** @default 60 */
        maxMinutes?: number | null;
        /** @default 60 */
        maxModelCalls?: number | null;
        /** @default 2 */
        maxReplans?: number;
        /** @default 50 */
        maxSteps?: number;
        /** @default 500000 */
        maxTokens?: number | null;
        /** @default true */
        notifyOnAutomatic?: boolean;
        /**
         * @default risky
         * @enum {string}
         */
        planReview?: "never" | "risky" | "always";
        /** @default [] */
        preApprovedActions?: string[];
        /** @default 60 */
        remindBeforeMinutes?: number | null;
        /** @default 1000 */
        requestsPerMinute?: number | null;
        /** @default 300 */
        requestsPerMinutePerPerson?: number | null;
        /**
         * @default moderate
         * @enum {string}
         */
        safetyMode?: "strict" | "moderate" | "permissive";
      };
      version: number;
    };
    Stats: {
      all: {
        [key: string]: unknown;
      };
      periods: {
        [key: string]: unknown;
      }[];
    } & {
      [key: string]: unknown;
    };
    Status: {
      /** @enum {string} */
      status: "ok" | "unavailable" | "stopping";
    };
    Store: {
      tables: ({
        table: string;
      } & {
        [key: string]: unknown;
      })[];
    };
    Thread: {
      /** @description The steps whose arguments a person changed. */
      edited: string[];
      /** @description What was written, oldest first. */
      effects: {
        action: string;
        args: {
          [key: string]: unknown;
        };
        attempts: number;
        changes: {
          after: {
            [key: string]: string | number | boolean | null;
          } | null;
          before: {
            [key: string]: string | number | boolean | null;
          } | null;
          key: string;
          table: string;
        }[];
        createdAt: string;
        durationMs?: number | null;
        key: string;
        note: string | null;
        output: unknown;
        position: number;
        proposalId: string;
        runId: string;
        /** @enum {string} */
        status: "intended" | "executing" | "succeeded" | "failed" | "uncertain" | "undoing" | "undone" | "undo_failed";
        step: string;
        undoData: unknown;
        version: number;
      }[];
      notices: string[];
      plan: {
        assumptions?: string[];
        goal: string;
        number: number;
        risks?: string[];
        source: {
          /** @enum {string} */
          chosenBy?: "model";
          expands?: string;
          /** @enum {string} */
          kind: "playbook" | "model" | "program" | "edited";
          name?: string;
          program?: number;
          why?: string;
        };
        steps: {
          action: string;
          args: {
            [key: string]: unknown;
          };
          confidence?: number;
          /** @default [] */
          dependsOn?: string[];
          id: string;
          /** Format: date-time */
          notBefore?: string;
          /** @enum {string} */
          onFailure?: "retry" | "skip" | "replan" | "stop";
          /** @enum {boolean} */
          repeat?: true;
          success?: {
            check?: string;
            criteria?: string;
          };
          timeoutMs?: number;
          title: string;
          /** @enum {boolean} */
          untrusted?: true;
          weight?: number;
          when?: string;
        }[];
      } | null;
      question: components["schemas"]["Question"];
      /** @description The answer was recorded, and more people have to say yes. */
      recorded?: boolean;
      run: components["schemas"]["Run"];
      steps: {
        [key: string]: {
          note: string;
          /** @enum {string} */
          status: "pending" | "running" | "completed" | "failed" | "skipped" | "blocked";
        };
      };
      threadId: string;
    };
    WaitingTools: {
      waiting: {
        tools: {
          [key: string]: unknown;
        }[];
        unreachable: {
          [key: string]: unknown;
        }[];
      } | null;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}

export interface operations {
  listApprovals: {
    parameters: {
      query?: {
        /** @description `next` of the page before. */
        cursor?: string;
        /** @description How many at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of proposals. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ApprovalPage"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getApproval: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A proposal's id. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The proposal; its ETag goes into `If-Match`. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ApprovalView"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  decide: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path: {
        /** @description A proposal's id. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": unknown;
      };
    };
    responses: {
      /** @description It was decided, and the run has ended or waits again. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It was decided, and the run goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  decideBatch: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Batch"];
      };
    };
    responses: {
      /** @description What came of each. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["BatchResult"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listDefinitions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The actions of the tenant. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Definitions"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getDefinition: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The action. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Definition"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listExecutions: {
    parameters: {
      query?: {
        action?: string;
        /** @description `next` of the page before. */
        cursor?: string;
        /** @description How many at most. */
        limit?: number;
        run?: string;
        /** @description ISO 8601, such as 2026-01-31T18:00:00Z. */
        since?: string;
        status?:
          | "pending"
          | "approved"
          | "rejected"
          | "expired"
          | "denied"
          | "edited"
          | "superseded"
          | "stale"
          | "intended"
          | "executing"
          | "succeeded"
          | "failed"
          | "uncertain"
          | "undoing"
          | "undone"
          | "undo_failed";
        thread?: string;
        /** @description ISO 8601, such as 2026-01-31T18:00:00Z. */
        until?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ExecutionPage"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getExecution: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An execution's id: `<proposal>:<step>`. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It; its ETag goes into `If-Match`. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Execution"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  approveExecution: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path: {
        /** @description An execution's id: `<proposal>:<step>`. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Reason"];
      };
    };
    responses: {
      /** @description It was decided, and the run has ended or waits again. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It was decided, and the run goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  rejectExecution: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path: {
        /** @description An execution's id: `<proposal>:<step>`. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Reject"];
      };
    };
    responses: {
      /** @description It was decided, and the run has ended or waits again. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It was decided, and the run goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  rollBackExecution: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description An execution's id: `<proposal>:<step>`. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["ExecutionRollback"];
      };
    };
    responses: {
      /** @description What became of each effect. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RollbackReport"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getSettings: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The settings; the ETag is their version. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Settings"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  putSettings: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": {
          [key: string]: unknown;
        };
      };
    };
    responses: {
      /** @description The settings; the ETag is their version. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Settings"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  patchSettings: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": {
          [key: string]: unknown;
        };
      };
    };
    responses: {
      /** @description The settings; the ETag is their version. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Settings"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listTools: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The tools, and the servers that could not be asked; null where no servers are configured. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["WaitingTools"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  acceptTools: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Accept"];
      };
    };
    responses: {
      /** @description What was accepted, and the servers that could not be asked. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["AcceptedTools"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listAudit: {
    parameters: {
      query?: {
        /** @description `next` of the page before. */
        cursor?: number;
        event?: string;
        /** @description How many at most. */
        limit?: number;
        principal?: string;
        run?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of entries; what is in them is masked. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["AuditPage"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  exportAudit: {
    parameters: {
      query?: {
        from?: number;
        to?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The lines. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/jsonl": string;
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getAuditHead: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The head. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Anchor"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  verifyAudit: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description `fault` names the first entry that does not fit; null where the log is whole. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["AuditCheck"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  compareAudit: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Anchors"];
      };
    };
    responses: {
      /** @description `fault` names the first entry that does not fit; null where the log is whole. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["AuditCheck"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listDelegations: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Those that are not over. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Delegations"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  setDelegation: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description By name. */
        person: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Delegation"];
      };
    };
    responses: {
      /** @description They may. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  endDelegation: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description By name. */
        person: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description They may not. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  explain: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A proposal's id, or a thread's. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The proposal and its decision; or the run and what was found. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Explanation"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  forget: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Forget"];
      };
    };
    responses: {
      /** @description How much was forgotten. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Forgotten"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The keys. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Keys"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  createKey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["NewKey"];
      };
    };
    responses: {
      /** @description The key and its secret. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Secret"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  revokeKey: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description A key's id. */
        key: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The key. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RevokedKey"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  rotateKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A key's id. */
        key: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Rotate"];
      };
    };
    responses: {
      /** @description The key and its secret. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Secret"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  maintain: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What was done, and what could not be. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Maintenance"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  whoAmI: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The caller. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Caller"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listMembers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The members. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Members"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  setMember: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description By name. */
        person: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Member"];
      };
    };
    responses: {
      /** @description It was given. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  removeMember: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description By name. */
        person: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It was taken. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listNotices: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The notices. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Notices"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listPlaybooks: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The playbooks. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Playbooks"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  matchRequest: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["MatchRequest"];
      };
    };
    responses: {
      /** @description The plan, or why there is none. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["PlaybookResult"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  testPolicy: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["PolicyCases"];
      };
    };
    responses: {
      /** @description What came of each. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["PolicyResults"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  listRuns: {
    parameters: {
      query?: {
        /** @description `next` of the page before. */
        cursor?: string;
        /** @description How many at most. */
        limit?: number;
        requester?: string;
        status?: "running" | "waiting" | "paused" | "ended";
        thread?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RunPage"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  startRun: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["NewRun"];
      };
    };
    responses: {
      /** @description It was started, and has ended or waits. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It was started, and goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getRun: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it stands now. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  cancelRun: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Cancel"];
      };
    };
    responses: {
      /** @description As it stands now. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It is recorded, and goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  streamRun: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The stream. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/event-stream": string;
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getPlan: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The newest revision; its ETag goes into `If-Match`. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["PlanView"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  editPlan: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
        /** @description The ETag of the version that is meant: another one is refused. */
        "if-match"?: string;
      };
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["EditedPlan"];
      };
    };
    responses: {
      /** @description It was changed, and waits again. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It was changed, and is being checked. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getRecord: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The record. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Record"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  resumeRun: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Resume"];
      };
    };
    responses: {
      /** @description As it stands now. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description It is recorded, and goes on. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Thread"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  rollBackRun: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path: {
        /** @description A run's id, or a thread's: then its newest run is meant. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components["schemas"]["Rollback"];
      };
    };
    responses: {
      /** @description What became of each effect, or that others have changed since what it changed. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RollbackReport"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  recover: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What became of them. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Recovered"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getStats: {
    parameters: {
      query?: {
        by?: "day" | "week";
        days?: number;
        /** @description ISO 8601, such as 2026-01-31T18:00:00Z. */
        since?: string;
        thread?: string;
        /** @description ISO 8601, such as 2026-01-31T18:00:00Z. */
        until?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Of all runs of the time, and by day or week where asked for. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Stats"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  reseed: {
    parameters: {
      query?: never;
      header?: {
        /** @description Sent again under the same key, the request does nothing again, and gets the same answer for a day. */
        "idempotency-key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What is in it. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Store"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  health: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The metrics. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain; version=0.0.4": string;
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  ready: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It can. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
      /** @description It cannot, for now. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
      /** @description A problem. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
}
