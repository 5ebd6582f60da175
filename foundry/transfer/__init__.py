"""What goes in and out of declarations: live objects, neighbouring formats, pictures, histories, the contract of outputs.

Everything here is pure: values in, values out. Files, services and engines are the command line's business.
"""
