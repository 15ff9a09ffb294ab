"""A forecast for one patient: virtual patients weighed by what is known of him, regimens ranked.

`particles` simulates virtual patients with his profile under what he has been given, `posterior`
weighs them by his sizes and markers, `rank` says what regimens would do to those that are left.
For research; nothing here may choose a treatment.
"""
