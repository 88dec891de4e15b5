export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

const registry = 'Base.1.18.0';

/** An error in Redfish's form: `key` is a message of the Base registry. */
export function failure(status: number, key: string, message: string, args: readonly string[] = []): Reply {
  return {
    status,
    body: {
      error: {
        code: `${registry}.${key}`,
        message,
        '@Message.ExtendedInfo': [
          {
            '@odata.type': '#Message.v1_1_2.Message',
            MessageId: `${registry}.${key}`,
            Message: message,
            MessageArgs: args,
            MessageSeverity: status >= 500 ? 'Critical' : 'Warning',
            Resolution: 'None.',
          },
        ],
      },
    },
  };
}

export const notFound = (path: string): Reply =>
  failure(404, 'ResourceMissingAtURI', `The resource at the URI '${path}' was not found.`, [path]);

export const wrongValue = (value: unknown, property: string): Reply =>
  failure(
    400,
    'PropertyValueNotInList',
    `The value '${String(value)}' for the property ${property} is not in the list of acceptable values.`,
    [String(value), property],
  );

export const empty: Reply = { status: 204 };
