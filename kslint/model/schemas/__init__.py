"""What the schema of an object's kind says: fields, types, quantities, and CRDs themselves."""
