"""What all calls are made of: endpoints, fields, queries, pages, errors, the OpenAPI document."""
