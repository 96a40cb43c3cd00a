"""What people, programs and registries ask for by a topic.

As it is written and read: asked; as it comes: heeding; what of it is in force: control, promotions; what a registry
says: registered.
"""
