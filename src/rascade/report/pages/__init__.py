"""Pages: from the folder of a run to one self-contained HTML file each."""
